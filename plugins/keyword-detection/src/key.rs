//! What a feature's name is looked up by: also by the build script, so it uses nothing else of the crate.

/// FNV-1a of 32 bits, <http://www.isthe.com/chongo/tech/comp/fnv/>. The build script makes sure that no two names that
/// weigh something share one.
pub(crate) fn key(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
