//! What the host knows of mail providers and of the slips people make with their names.

/// Top-level domains that end an address without a doubt.
const TLDS: &[&str] = &[
    "com", "cn", "net", "org", "edu", "gov", "io", "me", "cc", "info", "biz", "hk", "tw", "mo", "sg", "jp",
    "kr", "us", "uk", "de", "fr", "ca", "au", "ru", "top", "xyz", "vip", "tech", "online", "site", "shop",
    "club", "pro", "dev", "app", "eu", "it", "es", "nl", "se", "ch", "my", "th", "nz", "asia", "work", "tv",
    "co", "email", "cloud",
];

/// What people type for `com`.
const COM_SLIPS: &[&str] = &["con", "cpm", "cmo", "ocm", "vom", "xom", "comm", "coom", "cm", "c0m"];

/// Domains that nobody means, and what they mean.
const DOMAIN_SLIPS: &[(&str, &str)] = &[
    ("gmial.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmal.com", "gmail.com"),
    ("gamil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("gmail.cn", "gmail.com"),
    ("qq.cn", "qq.com"),
    ("qq.co", "qq.com"),
    ("qqq.com", "qq.com"),
    ("163.cn", "163.com"),
    ("163.co", "163.com"),
    ("126.cn", "126.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotmai.com", "hotmail.com"),
    ("outlok.com", "outlook.com"),
    ("outloook.com", "outlook.com"),
    ("iclound.com", "icloud.com"),
    ("icoud.com", "icloud.com"),
    ("foxmial.com", "foxmail.com"),
    ("sian.com", "sina.com"),
    ("yaho.com", "yahoo.com"),
];

/// Providers people name by their first label alone, and the domain behind each.
const PROVIDERS: &[(&str, &str)] = &[
    ("qq", "qq.com"),
    ("163", "163.com"),
    ("126", "126.com"),
    ("139", "139.com"),
    ("189", "189.cn"),
    ("gmail", "gmail.com"),
    ("foxmail", "foxmail.com"),
    ("sina", "sina.com"),
    ("hotmail", "hotmail.com"),
    ("outlook", "outlook.com"),
    ("icloud", "icloud.com"),
    ("yeah", "yeah.net"),
];

pub(super) fn is_tld(label: &str) -> bool {
    TLDS.contains(&label) || COM_SLIPS.contains(&label)
}

pub(super) fn provider_domain(label: &str) -> Option<&'static str> {
    PROVIDERS.iter().find(|(name, _)| *name == label).map(|(_, domain)| *domain)
}

/// The domain that is meant, and whether that took a repair. `domain` is in lower case.
pub(super) fn repair(domain: &str) -> Option<(String, bool)> {
    let Some((rest, tld)) = domain.rsplit_once('.') else {
        // `abc@qqcom` or `abc@qq`: only where a known provider is meant.
        let label = domain.strip_suffix("com").filter(|l| !l.is_empty()).unwrap_or(domain);
        return provider_domain(label).map(|d| (d.to_owned(), true));
    };
    let (domain, mended) =
        if COM_SLIPS.contains(&tld) { (format!("{rest}.com"), true) } else { (domain.to_owned(), false) };
    if let Some((_, meant)) = DOMAIN_SLIPS.iter().find(|(slip, _)| *slip == domain) {
        return Some(((*meant).to_owned(), true));
    }
    let doubtful = !mended && !is_tld(tld) && tld.len() != 2;
    Some((domain, mended || doubtful))
}
