//! Keys, signatures and digests. No secret is ever stored or logged, but for two files that only the owner can read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// SHA-256.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(bytes)
}

/// Writes a file that only its owner can read, which must not be there yet.
pub(crate) fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

/// An API key, as it is shown once.
pub(crate) struct ApiKey(pub(crate) String);

impl ApiKey {
    /// A fresh one: 256 random bits.
    pub(crate) fn fresh() -> io::Result<Self> {
        Ok(Self::from_bytes(random()?))
    }

    fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(format!("sk_{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What is stored of it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&[self.0.as_bytes()])
    }
}

/// The installation's own secret, in `<data>/secret`.
#[derive(Clone)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    /// Reads it, or makes it on the first start.
    pub(crate) fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => bytes
                .try_into()
                .map(Self)
                .map_err(|_| io::Error::other("it must hold exactly 32 bytes; restore it from a backup")),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let fresh = random()?;
                write_private(path, &fresh)?;
                Ok(Self(fresh))
            }
            Err(e) => Err(e),
        }
    }

    /// A key for one purpose, from which no other can be told.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        self.mac(&["derive", purpose])
    }

    fn mac(&self, parts: &[&str]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            // Lengths in between, so that no two lists of parts are signed alike.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// The API key that a repeated request for one gets again, so that nobody has to store it.
    pub(crate) fn repeatable_key(&self, request: &[u8; 32]) -> ApiKey {
        ApiKey::from_bytes(self.mac(&["api key", &URL_SAFE_NO_PAD.encode(request)]))
    }

    /// Signs a link to a shop's picture that is good until `expires` (Unix seconds).
    pub(crate) fn sign_link(&self, shop: &str, image: &str, expires: i64) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(&["link", shop, image, &expires.to_string()]))
    }

    /// Whether a link is signed so; takes the same time for every wrong signature.
    pub(crate) fn link_is_signed(&self, shop: &str, image: &str, expires: i64, signature: &str) -> bool {
        let wanted = self.sign_link(shop, image, expires);
        let (a, b) = (wanted.as_bytes(), signature.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let first = Secret::load(&path).expect("made");
        let second = Secret::load(&path).expect("read");
        assert_eq!(first.0, second.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_link_opens_one_picture_of_one_shop_until_its_time() {
        let secret = Secret([7; 32]);
        let signature = secret.sign_link("demo", "abc", 100);
        assert!(secret.link_is_signed("demo", "abc", 100, &signature));
        for (shop, image, expires) in [("other", "abc", 100), ("demo", "abd", 100), ("demo", "abc", 101)] {
            assert!(!secret.link_is_signed(shop, image, expires, &signature));
        }
    }
}
