//! URLs, as far as a client needs to know them.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use http::Uri;

/// Where a connection leads. URLs of the same origin share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub security: Security,
    /// A name or an address, the latter without brackets.
    pub host: String,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    Clear,
    Tls,
}

/// What one URL asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub origin: Origin,
    pub scheme: &'static str,
    pub authority: String,
    pub path: String,
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().context("not a URL")?;
        let (security, scheme, default_port) = match uri.scheme_str() {
            Some("http") => (Security::Clear, "http", 80),
            Some("https") => (Security::Tls, "https", 443),
            Some(scheme) => bail!("the scheme {scheme} is not known, only http and https"),
            None => bail!("not a URL: it must begin with http:// or https://"),
        };
        let authority = uri.authority().context("the URL names no host")?;
        // RFC 9113 §8.3.1: user information must not get into :authority.
        let (_, host_and_port) = authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_string();
        let has_port = host_and_port.len() > authority.host().len();
        let port = match authority.port_u16() {
            Some(port) => port,
            None if has_port => bail!("the URL's port makes no sense"),
            None => default_port,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            origin: Origin { security, host, port },
            scheme,
            authority: host_and_port.to_string(),
            path: if path.starts_with('/') { path.to_string() } else { format!("/{path}") },
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_what() -> anyhow::Result<()> {
        let target: Target = "https://user:secret@Example.com?q=1#part".parse()?;
        assert_eq!((target.authority.as_str(), target.path.as_str()), ("Example.com", "/?q=1"));
        assert_eq!((target.origin.port, target.origin.security), (443, Security::Tls));

        let target: Target = "http://[::1]:8080/a%20b".parse()?;
        assert_eq!((target.authority.as_str(), target.path.as_str()), ("[::1]:8080", "/a%20b"));
        assert_eq!((target.origin.host.as_str(), target.origin.port), ("::1", 8080));
        assert_eq!(target.origin.to_string(), "[::1]:8080");
        Ok(())
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in
            ["", "/path", "example.com", "ftp://example.com/", "http://", "http://host:99999/", "http://a b/"]
        {
            assert!(url.parse::<Target>().is_err(), "{url}");
        }
    }
}
