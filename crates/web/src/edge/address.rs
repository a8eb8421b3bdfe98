//! Whose request it is: the peer's own, or that of whom a trusted proxy names.

use std::{fmt, net::IpAddr, str::FromStr};

use axum::http::HeaderMap;

/// An address, or a range of them: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    base: IpAddr,
    bits: u8,
}

impl Net {
    pub fn contains(&self, ip: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u8| {
            let shift = u32::from(width - self.bits);
            a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
        };
        match (self.base, ip.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Net {
    type Err = String;
    fn from_str(text: &str) -> Result<Net, String> {
        let wrong = || format!("{text} is no address: write it like 10.0.0.7, 10.0.0.0/8 or fd00::/8");
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let base = base.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
        let width = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits <= width { Ok(Net { base, bits }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// The other end of a connection. The listener puts it on every request.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub ip: IpAddr,
    pub tls: bool,
}

/// What is known about where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Who asked; none where nobody was connected, as in tests.
    pub client: Option<IpAddr>,
    /// It reached this program, or the trusted proxy before it, over TLS.
    pub secure: bool,
    /// The id a trusted proxy gave it.
    pub request: Option<String>,
    /// The peer itself asked: no header tells of anybody behind it.
    pub direct: bool,
}

/// Headers by which proxies tell of others.
const FORWARDED: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

impl Seen {
    pub fn of(peer: Option<Peer>, headers: &HeaderMap, behind: &[Net]) -> Seen {
        let direct = !FORWARDED.iter().any(|name| headers.contains_key(*name));
        let Some(peer) = peer else { return Seen { direct, ..Seen::default() } };
        let peer = Peer { ip: peer.ip.to_canonical(), ..peer };
        let trusted = |ip: IpAddr| behind.iter().any(|net| net.contains(ip));
        if !trusted(peer.ip) {
            return Seen { client: Some(peer.ip), secure: peer.tls, request: None, direct };
        }
        // Each proxy adds its own peer at the end; whatever stands before the last one not trusted, anybody may have written.
        let named = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect::<Vec<_>>();
        let mut client = peer.ip;
        for name in named.into_iter().rev() {
            let Some(ip) = address(name) else { break };
            client = ip;
            if !trusted(ip) {
                break;
            }
        }
        let last = |name: &str| {
            let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            Some(value.rsplit(',').next().unwrap_or(value).trim().to_owned())
        };
        Seen {
            client: Some(client),
            secure: peer.tls
                || last("x-forwarded-proto").is_some_and(|how| how.eq_ignore_ascii_case("https")),
            request: last("x-request-id").filter(|id| is_request_id(id)),
            direct,
        }
    }
}

/// Only what can do no harm in a log or a header.
fn is_request_id(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if text.matches(':').count() == 1 => text.split(':').next()?,
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn seen(peer: &str, headers: &[(&'static str, &'static str)], behind: &[&str]) -> Seen {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let behind: Vec<Net> = behind.iter().map(|net| net.parse().unwrap()).collect();
        Seen::of(Some(Peer { ip: peer.parse().unwrap(), tls: false }), &map, &behind)
    }

    #[test]
    fn ranges() {
        let holds = |net: &str, ip: &str| net.parse::<Net>().unwrap().contains(ip.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.0.0.7", "10.0.0.7") && !holds("10.0.0.7", "10.0.0.8"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(
            holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "fe80::1") && holds("::/0", "2001:db8::1")
        );
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"), "an IPv4 peer on an IPv6 socket");
        for wrong in ["10.0.0.0/33", "::/129", "ten", "10.0.0.0/-1", "", "/8"] {
            assert!(wrong.parse::<Net>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn strangers_can_not_name_anybody_else() {
        let forged = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-request-id", "forged-0001"),
        ];
        let told = seen("203.0.113.5", &forged, &["10.0.0.0/8"]);
        assert_eq!(told.client, Some("203.0.113.5".parse().unwrap()));
        assert!(!told.secure && told.request.is_none() && !told.direct);
        assert_eq!(seen("127.0.0.1", &forged, &[]).client, Some("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_trusted_proxy_names_the_last_that_is_no_proxy() {
        let of = |chain: &'static str| {
            seen("10.0.0.1", &[("x-forwarded-for", chain)], &["10.0.0.0/8"]).client.unwrap().to_string()
        };
        assert_eq!(of("198.51.100.7"), "198.51.100.7");
        assert_eq!(
            of("1.1.1.1, 198.51.100.7, 10.0.0.2"),
            "198.51.100.7",
            "what stands before it may be forged"
        );
        assert_eq!(of("198.51.100.7:4711"), "198.51.100.7");
        assert_eq!(of("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(of("10.0.0.9, 10.0.0.2"), "10.0.0.9");
        assert_eq!(of("198.51.100.7, nonsense"), "10.0.0.1", "after nonsense nothing is believed");
        assert_eq!(of(""), "10.0.0.1");
        let two = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(seen("10.0.0.1", &two, &["10.0.0.0/8"]).client, Some("198.51.100.7".parse().unwrap()));
    }

    #[test]
    fn a_trusted_proxy_tells_of_tls_and_names_the_request() {
        let of = |proto: &'static str, id: &'static str| {
            seen("10.0.0.1", &[("x-forwarded-proto", proto), ("x-request-id", id)], &["10.0.0.1"])
        };
        assert!(of("https", "").secure && of("http, https", "").secure && !of("https, http", "").secure);
        assert_eq!(of("http", "abcDEF-123").request.as_deref(), Some("abcDEF-123"));
        for wrong in [
            "short",
            "with blank in it",
            "quote\"quote",
            "0123456789012345678901234567890123456789012345678901234567890123456789",
        ] {
            assert_eq!(of("http", wrong).request, None, "{wrong}");
        }
    }
}
