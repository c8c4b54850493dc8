//! Requests to URLs that somebody gave: hostile input, so only http(s), only public addresses unless the configuration
//! names the host, checked at every redirect and after DNS, with a size and a time limit.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::HeaderMap,
    redirect::Policy,
};
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use crate::config::Images;

/// How many redirects are followed.
const HOPS: usize = 5;

/// The longest answer to a POST that is read, in bytes.
const ANSWER: usize = 64 << 10;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// Not a URL.
    #[error("it is not a URL: {0}")]
    NotAUrl(String),
    /// Neither http nor https.
    #[error("only http and https are fetched, not {0}")]
    Scheme(String),
    /// Leads inside.
    #[error("{0} leads to a loopback, private, link-local or otherwise internal address")]
    Internal(String),
    /// Too far.
    #[error("it redirects more than {HOPS} times")]
    Redirects,
    /// The other side said no.
    #[error("the other side answered {0}")]
    Status(StatusCode),
    /// Too much.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// Too slow.
    #[error("it took longer than {} s", .0.as_secs())]
    TooSlow(Duration),
    /// Broken on the way.
    #[error("the connection failed")]
    Connection,
}

/// An answer to a POST.
pub(crate) struct Posted {
    pub(crate) status: StatusCode,
    /// How long the other side wants not to be asked.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// Fetches pictures and tells webhooks.
#[derive(Clone)]
pub(crate) struct Fetcher {
    client: Client,
    private_hosts: Arc<HashSet<String>>,
    max_bytes: usize,
    time: Duration,
}

impl Fetcher {
    pub(crate) fn new(config: &Images) -> Result<Self, reqwest::Error> {
        let private_hosts: Arc<HashSet<String>> =
            Arc::new(config.private_hosts.iter().map(|h| h.to_ascii_lowercase()).collect());
        let names =
            private_hosts.iter().map(|h| h.rsplit_once(':').map_or(h.as_str(), |(name, _)| name).to_owned());
        let client = Client::builder()
            .redirect(Policy::none())
            // A proxy would look names up by itself, past the check of addresses.
            .no_proxy()
            .referer(false)
            .dns_resolver(Arc::new(PublicOnly { private: names.collect() }))
            .build()?;
        Ok(Self {
            client,
            private_hosts,
            max_bytes: config.max_bytes,
            time: Duration::from_secs(config.fetch_seconds),
        })
    }

    /// The bytes behind the URL.
    pub(crate) async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        tokio::time::timeout(self.time, self.follow(url)).await.map_err(|_| FetchError::TooSlow(self.time))?
    }

    /// Sends JSON to a webhook. Redirects are not followed: what is sent was meant for this address.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: String,
        time: Duration,
    ) -> Result<Posted, FetchError> {
        let url = Url::parse(url).map_err(|e| FetchError::NotAUrl(e.to_string()))?;
        self.check(&url)?;
        let request = self
            .client
            .post(url.clone())
            .headers(headers)
            .header("content-type", "application/json")
            .header("user-agent", concat!("shopkeeper/", env!("CARGO_PKG_VERSION")))
            .body(body);
        let until = Instant::now() + time;
        let sent = timeout_at(until, request.send()).await.map_err(|_| FetchError::TooSlow(time))?;
        let mut response = sent.map_err(|e| refused(&e, &url))?;
        let status = response.status();
        let seconds =
            response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
        // The status is the answer: a body that is too long, too slow or cut off changes nothing about it.
        let mut body = Vec::new();
        while let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await
            && body.len() + chunk.len() <= ANSWER
        {
            body.extend_from_slice(&chunk);
        }
        Ok(Posted { status, retry_after: seconds.map(Duration::from_secs), body })
    }

    /// Whether somebody answers there, whatever they say.
    pub(crate) async fn reach(&self, url: &str, time: Duration) -> Result<(), FetchError> {
        let url = Url::parse(url).map_err(|e| FetchError::NotAUrl(e.to_string()))?;
        self.check(&url)?;
        let asked = async { self.client.head(url.clone()).send().await.map_err(|e| refused(&e, &url)) };
        tokio::time::timeout(time, asked).await.map_err(|_| FetchError::TooSlow(time))?.map(drop)
    }

    async fn follow(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let mut url = Url::parse(url).map_err(|e| FetchError::NotAUrl(e.to_string()))?;
        for _ in 0..=HOPS {
            self.check(&url)?;
            let mut response = self.client.get(url.clone()).send().await.map_err(|e| refused(&e, &url))?;
            let status = response.status();
            if status.is_redirection() {
                let location = response.headers().get("location").and_then(|l| l.to_str().ok());
                let next = location.and_then(|l| url.join(l).ok());
                url = next.ok_or(FetchError::Status(status))?;
                continue;
            }
            if !status.is_success() {
                return Err(FetchError::Status(status));
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Connection)? {
                if bytes.len() + chunk.len() > self.max_bytes {
                    return Err(FetchError::TooLarge(self.max_bytes));
                }
                bytes.extend_from_slice(&chunk);
            }
            return Ok(bytes);
        }
        Err(FetchError::Redirects)
    }

    /// What can be told before a connection: the scheme, and addresses that stand in the URL itself.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Scheme(url.scheme().to_owned()));
        }
        let host = url.host().ok_or_else(|| FetchError::NotAUrl("it names no host".to_owned()))?;
        let name = host.to_string().to_ascii_lowercase();
        let with_port = format!("{name}:{}", url.port_or_known_default().unwrap_or(0));
        if self.private_hosts.contains(&name) || self.private_hosts.contains(&with_port) {
            return Ok(());
        }
        let address = match host {
            Host::Ipv4(ip) => IpAddr::V4(ip),
            Host::Ipv6(ip) => IpAddr::V6(ip),
            // A name that is only allowed at another port must not profit from it: it is looked up as public.
            Host::Domain(_) if self.private_hosts.iter().any(|h| h.starts_with(&format!("{name}:"))) => {
                return Err(FetchError::Internal(with_port));
            }
            Host::Domain(_) => return Ok(()),
        };
        if is_public(address) { Ok(()) } else { Err(FetchError::Internal(name)) }
    }
}

fn refused(error: &reqwest::Error, url: &Url) -> FetchError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(e) = cause {
        if e.is::<OnlyInternal>() {
            return FetchError::Internal(url.host_str().unwrap_or_default().to_owned());
        }
        cause = e.source();
    }
    FetchError::Connection
}

/// Every address of a name is internal.
#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
struct OnlyInternal;

/// Looks names up and leaves internal addresses out, so that the connection goes where the check looked.
struct PublicOnly {
    private: HashSet<String>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_ascii_lowercase();
        let any = self.private.contains(&name);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|a| any || is_public(a.ip())).collect();
            if good.is_empty() {
                return Err(Box::new(OnlyInternal) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is in the public internet: the special-purpose registries of RFC 6890 are not.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match a {
        0 | 10 | 127 | 224..=255 => true,
        100 => (64..=127).contains(&b),
        169 => b == 254,
        172 => (16..=31).contains(&b),
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    // Addresses that carry an IPv4 one are as public as that one: mapped, NAT64, 6to4.
    let inner = |hi: u16, lo: u16| Ipv4Addr::from((u32::from(hi) << 16) | u32::from(lo));
    match s {
        [0, 0, 0, 0, 0, 0xffff, hi, lo] | [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] | [0x2002, hi, lo, ..] => {
            is_public_v4(inner(hi, lo))
        }
        // Global unicast is 2000::/3; of it, documentation and protocol assignments are not.
        [0x2001, 0xdb8, ..] | [0x3fff, ..] => false,
        [0x2001, second, ..] if second < 0x200 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_not_public() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(ip.parse().expect(ip)), "{ip}");
        }
        for ip in ["1.1.1.1", "223.5.5.5", "172.32.0.1", "2400:3200::1", "::ffff:1.1.1.1"] {
            assert!(is_public(ip.parse().expect(ip)), "{ip}");
        }
    }

    fn fetcher(private_hosts: &[&str]) -> Fetcher {
        let private_hosts = private_hosts.iter().map(|h| (*h).to_owned()).collect();
        Fetcher::new(&Images { max_bytes: 100, max_pixels: 1, fetch_seconds: 5, private_hosts })
            .expect("a client")
    }

    #[tokio::test]
    async fn what_leads_inside_is_refused_however_it_is_written() {
        for url in [
            "http://127.0.0.1/x",
            "http://2130706433/x",
            "http://0x7f.1/x",
            "http://[::1]/x",
            "http://[::ffff:10.0.0.1]/",
            "http://localhost/x",
            "http://169.254.169.254/latest/meta-data/",
            "http://user@127.0.0.1/",
        ] {
            let refused = fetcher(&[]).get(url).await;
            assert!(matches!(refused, Err(FetchError::Internal(_))), "{url}: {refused:?}");
        }
        for url in
            ["file:///etc/passwd", "ftp://example.com/x", "gopher://127.0.0.1/", "data:image/png;base64,AA=="]
        {
            assert!(matches!(fetcher(&[]).get(url).await, Err(FetchError::Scheme(_))), "{url}");
        }
        let other_port = fetcher(&["localhost:1"]).get("http://localhost:2/x").await;
        assert!(matches!(other_port, Err(FetchError::Internal(_))), "{other_port:?}");
    }
}
