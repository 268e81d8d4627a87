//! What Kubernetes does, deep enough that a wrong order fails.
