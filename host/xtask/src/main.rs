//! Set-up.

fn main() {}
