//! What an upstream's answer means.
