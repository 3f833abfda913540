//! What all requests have in common: the method, the fields and the body of the command line.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use sans_h2::{Fields, Indexing};

use super::target::Target;
use crate::body::Body;

/// Makes the requests.
pub struct Template {
    method: String,
    /// What stands in for the URL's authority, if a `host` field was given.
    host: Option<String>,
    fields: Vec<(String, String)>,
    upload: Option<Upload>,
}

enum Upload {
    Inline(Bytes),
    File { path: PathBuf, octets: u64 },
}

impl Template {
    /// # Errors
    ///
    /// When the method or a field cannot be sent, or the file of the body cannot be found.
    pub fn new(method: Option<String>, data: Option<&str>, headers: &[String]) -> anyhow::Result<Self> {
        let upload = data.map(Upload::new).transpose()?;
        let method = method.unwrap_or_else(|| if upload.is_some() { "POST" } else { "GET" }.to_string());
        ensure!(is_token(&method) && method != "CONNECT", "the method {method:?} cannot be sent");
        let mut fields =
            headers.iter().map(|header| parse_field(header)).collect::<anyhow::Result<Vec<_>>>()?;
        // RFC 9113 §8.3.1: :authority takes the place of Host.
        let host = fields.iter().position(|(name, _)| name == "host").map(|at| fields.remove(at).1);
        let mut defaults = vec![("user-agent", "sans-h2-fetch".to_string()), ("accept", "*/*".to_string())];
        if let Some(upload) = &upload {
            defaults.push(("content-type", "application/octet-stream".to_string()));
            defaults.push(("content-length", upload.octets().to_string()));
        }
        for (name, value) in defaults {
            if !fields.iter().any(|(given, _)| given == name) {
                fields.push((name.to_string(), value));
            }
        }
        Ok(Self { method, host, fields, upload })
    }

    /// The header section of the request for `target`.
    pub fn fields(&self, target: &Target) -> Fields {
        let authority = self.host.as_ref().unwrap_or(&target.authority);
        let mut fields = Fields::request(&self.method, target.scheme, authority, &target.path);
        for (name, value) in &self.fields {
            // RFC 7541 §7.1.3: what is secret must not be found by guessing at compression.
            let indexing = match name.as_str() {
                "authorization" | "cookie" | "proxy-authorization" => Indexing::Never,
                _ => Indexing::Auto,
            };
            fields = fields.with_indexing(name, value, indexing);
        }
        fields
    }

    /// A fresh copy of the body; `None` if requests have none, or an empty one.
    ///
    /// # Errors
    ///
    /// When its file cannot be opened.
    pub fn body(&self) -> anyhow::Result<Option<Body>> {
        Ok(match &self.upload {
            None => None,
            Some(upload) if upload.octets() == 0 => None,
            Some(Upload::Inline(data)) => Some(Body::Whole(data.clone())),
            Some(Upload::File { path, octets }) => {
                let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
                Some(Body::File(file, *octets))
            }
        })
    }

    /// Whether responses have no body, whatever their fields say (RFC 9110 §9.3.2).
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

impl Upload {
    fn new(data: &str) -> anyhow::Result<Self> {
        let Some(path) = data.strip_prefix('@') else {
            return Ok(Self::Inline(Bytes::copy_from_slice(data.as_bytes())));
        };
        let path = PathBuf::from(path);
        let metadata = path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(metadata.is_file(), "cannot read {}: not a regular file", path.display());
        Ok(Self::File { path, octets: metadata.len() })
    }

    fn octets(&self) -> u64 {
        match self {
            Self::Inline(data) => data.len() as u64,
            Self::File { octets, .. } => *octets,
        }
    }
}

fn parse_field(header: &str) -> anyhow::Result<(String, String)> {
    let (name, value) =
        header.split_once(':').with_context(|| format!("the field {header:?} has no colon"))?;
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    ensure!(is_token(&name), "the field {header:?} has no name that can be sent");
    ensure!(!value.contains(['\0', '\r', '\n']), "the field {header:?} has no value that can be sent");
    // RFC 9113 §8.2.2.
    match (name.as_str(), value) {
        ("connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade", _) => {
            bail!("the field {name} does not exist in HTTP/2")
        }
        ("te", value) => ensure!(value == "trailers", "HTTP/2 allows no te but \"trailers\""),
        _ => {}
    }
    Ok((name, value.to_string()))
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_fields_take_the_place_of_defaults() -> anyhow::Result<()> {
        let headers = ["Host: other", "ACCEPT: text/html", "Cookie: a=b"].map(String::from);
        let template = Template::new(None, Some("data"), &headers)?;
        let fields = template.fields(&"http://host/".parse()?);
        assert_eq!(fields.get(":method"), Some(&b"POST"[..]));
        assert_eq!(fields.get(":authority"), Some(&b"other"[..]));
        assert_eq!(fields.iter().filter(|field| field.name == b"accept").count(), 1);
        assert_eq!(fields.get("content-length"), Some(&b"4"[..]));
        let cookie = fields.iter().find(|field| field.name == b"cookie");
        assert_eq!(cookie.map(|field| field.indexing), Some(Indexing::Never));
        Ok(())
    }

    #[test]
    fn fields_that_cannot_be_sent_are_refused() {
        for header in ["none", ": x", ":path: /", "a b: c", "a: b\nc: d", "Connection: close", "te: gzip"] {
            assert!(Template::new(None, None, &[header.to_string()]).is_err(), "{header:?}");
        }
        assert!(Template::new(Some("G T".to_string()), None, &[]).is_err());
    }
}
