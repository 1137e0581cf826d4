//! What each kind says about itself, read from the descriptors.
