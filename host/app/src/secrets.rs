//! Keys, signatures and digests. No secret is ever stored or logged, but for two files that only the owner can read.

use std::{
    fs::{self, File, OpenOptions},
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

/// Whether two secrets are the same; takes the same time for every wrong one.
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

/// 256 random bits.
pub(crate) fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(bytes)
}

/// Writes a file that only its owner can read: whole, or not at all. One that is there stays, unless it is empty, as
/// after a start that was cut off.
pub(crate) fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| there.len() == 0) {
        fs::remove_file(path)?;
    }
    let half = path.with_extension(format!("{}.half", uuid::Uuid::now_v7()));
    // The link fails where a file is there already; a rename would write over it.
    let written = write_half(&half, contents).and_then(|()| fs::hard_link(&half, path));
    let removed = fs::remove_file(&half);
    written.and(removed)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn write_half(path: &Path, contents: &[u8]) -> io::Result<()> {
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

    /// As it was written down; none where it can't be a key.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let key = text.trim();
        let random = key.strip_prefix("sk_").and_then(|k| URL_SAFE_NO_PAD.decode(k).ok())?;
        (random.len() == 32).then(|| Self(key.to_owned()))
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
    /// Reads it, or makes it; says whether it was made, which happens on the first start.
    pub(crate) fn load(path: &Path) -> io::Result<(Self, bool)> {
        let there = match fs::read(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        if there.is_empty() {
            let fresh = random()?;
            write_private(path, &fresh)?;
            return Ok((Self(fresh), true));
        }
        let bytes = there.try_into();
        let damaged = |_| io::Error::other("it must hold exactly 32 bytes; restore it from a backup");
        Ok((Self(bytes.map_err(damaged)?), false))
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
        is_same(wanted.as_bytes(), signature.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        // As a start leaves it that is cut off at the worst moment.
        fs::write(&path, "").expect("written");
        let (first, made) = Secret::load(&path).expect("made");
        let (second, made_again) = Secret::load(&path).expect("read");
        assert_eq!((first.0, made, made_again), (second.0, true, false));
        assert!(write_private(&path, b"another").is_err(), "what is there stays");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing half is left");
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
