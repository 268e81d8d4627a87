//! A driver as somebody else would write it, for a cloud that ladybug has never seen.
