//! A lab of real Linux machines in two or three clouds on this computer.
