//! The durable store: segments and sled, each able to rebuild the other.
