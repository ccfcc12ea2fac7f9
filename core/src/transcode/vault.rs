//! Signed or encrypted reasoning through protocols that have no slot for it, and only back to its issuer.
//!
//! On the way to the client it is sealed into a blob that only this gateway opens, and put where the
//! client must send it back: into its own protocol's slot, or behind the id of a tool call.

mod blob;
mod deflate;
mod open;
mod seal;
mod strip;

#[cfg(test)]
mod tests;

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use self::deflate::Deflater;
pub(crate) use self::open::unseal;
pub use self::seal::Sealer;
use crate::config::Protocol;

/// Sets the vault's key apart from others of the same master.
const LABEL: &[u8] = b"causeway reasoning vault 1";

/// Seals and opens with one key, derived from the gateway's.
#[derive(Clone)]
pub struct Vault {
    key: [u8; 32],
    deflater: Deflater,
}

/// Whom sealed reasoning is of use to: an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issuer<'a> {
    /// The id of the channel.
    pub channel: &'a str,
    pub protocol: Protocol,
}

impl Vault {
    pub fn new(master: &[u8; 32]) -> Self {
        let mut key = [0; 32];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(master) {
            mac.update(LABEL);
            key = mac.finalize().into_bytes().into();
        }
        Self { key, deflater: Deflater::default() }
    }
}

/// Keeps the key out of logs.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}
