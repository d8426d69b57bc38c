//! What a SAS token says about itself. Pure, and without its signature.
//!
//! Other than a template, a token is taken as it is: it may be of any version and for one container
//! or blob. No error repeats a part of it.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use url::form_urlencoded;

/// Says why a text is no SAS token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SasTokenError {
    /// A parameter that every token has is absent.
    #[error("the text is no SAS token: it lacks `{parameter}`")]
    Missing {
        /// The query parameter, such as `sv`.
        parameter: &'static str,
    },
    /// A parameter is given twice, so that nobody can tell which one holds.
    #[error("the SAS token gives `{parameter}` twice")]
    Twice {
        /// The query parameter.
        parameter: &'static str,
    },
    /// A bound of the token's life cannot be read.
    #[error("`{parameter}` of the SAS token is no time")]
    Time {
        /// The query parameter, `st` or `se`.
        parameter: &'static str,
    },
}

/// Is what a SAS token says about itself: everything but the signature.
///
/// ```
/// use azure::sas::token::TokenParameters;
///
/// let token = "?sv=2018-03-28&ss=b&srt=o&sp=r&se=2026-01-02T03%3A04%3A05Z&sig=x";
/// let said = TokenParameters::parse(token)?;
/// assert_eq!(said.services.as_deref(), Some("b"));
/// assert!(said.has_signature);
/// # Ok::<(), azure::sas::token::SasTokenError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenParameters {
    /// The letters of the services; absent from a token for one container or blob.
    pub services: Option<String>,
    /// The letters of the resource types; absent from a token for one container or blob.
    pub resource_types: Option<String>,
    /// The letters of the permissions; absent if a stored access policy says them.
    pub permissions: Option<String>,
    /// The protocols it is good for, if it restricts them.
    pub protocol: Option<String>,
    /// The address or range of addresses it is good for, if it restricts them.
    pub ip_range: Option<String>,
    /// The version it is signed for.
    pub signed_version: String,
    /// From when on it is good; at once if absent.
    pub starts: Option<Timestamp>,
    /// Until when it is good; absent if a stored access policy says it.
    pub expires: Option<Timestamp>,
    /// Whether it is signed.
    pub has_signature: bool,
}

impl TokenParameters {
    /// Reads a token, with or without `?` or an address before it.
    ///
    /// # Errors
    /// A text that is no token, which is not repeated.
    pub fn parse(text: &str) -> Result<Self, SasTokenError> {
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let query = Query(form_urlencoded::parse(query.trim().as_bytes()).collect());
        let parameter = "sv";
        Ok(Self {
            signed_version: query
                .take(parameter)?
                .ok_or(SasTokenError::Missing { parameter })?,
            services: query.take("ss")?,
            resource_types: query.take("srt")?,
            permissions: query.take("sp")?,
            protocol: query.take("spr")?,
            ip_range: query.take("sip")?,
            starts: query.time("st")?,
            expires: query.time("se")?,
            has_signature: query.take("sig")?.is_some(),
        })
    }
}

/// The parameters of a token, which may be a secret.
struct Query<'a>(Vec<(std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>);

impl Query<'_> {
    fn take(&self, parameter: &'static str) -> Result<Option<String>, SasTokenError> {
        let mut values = self.0.iter().filter(|(name, _)| name == parameter);
        let value = values.next().map(|(_, value)| value.to_string());
        match values.next() {
            Some(_) => Err(SasTokenError::Twice { parameter }),
            None => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    fn time(&self, parameter: &'static str) -> Result<Option<Timestamp>, SasTokenError> {
        let read = |text: String| time(&text).ok_or(SasTokenError::Time { parameter });
        self.take(parameter)?.map(read).transpose()
    }
}

/// Storage takes a whole date too, which means its first moment.
fn time(text: &str) -> Option<Timestamp> {
    let of_date = || {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    text.parse().ok().or_else(of_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_everything_but_its_signature() {
        let token = "https://st.blob.core.windows.net/c/b?sv=2018-03-28&ss=bf&srt=sco&sp=rl\
                     &st=2026-01-01&se=2026-01-01T04%3A00Z&spr=https&sip=203.0.113.1&sig=SECRET";
        let said = TokenParameters::parse(token).expect("a token");
        assert_eq!(said.services.as_deref(), Some("bf"));
        assert_eq!(said.signed_version, "2018-03-28");
        assert_eq!(said.starts, "2026-01-01T00:00:00Z".parse().ok());
        assert_eq!(said.expires, "2026-01-01T04:00:00Z".parse().ok());
        assert!(said.has_signature);
        assert!(!format!("{said:?}").contains("SECRET"));
    }

    #[test]
    fn a_token_for_one_blob_has_no_services() {
        let said = TokenParameters::parse("sv=2021-08-06&sr=b&sp=r&si=stored").expect("a token");
        assert_eq!((said.services, said.expires), (None, None));
        assert!(!said.has_signature);
    }

    #[test]
    fn what_is_no_token_is_refused_without_repeating_it() {
        let check = |text: &str, expected: &str| {
            let error = TokenParameters::parse(text).expect_err("no token");
            assert_eq!(error.to_string(), expected);
        };
        check(
            "AccountKey=c2VjcmV0",
            "the text is no SAS token: it lacks `sv`",
        );
        check(
            "sv=2018-03-28&se=SECRET",
            "`se` of the SAS token is no time",
        );
        check(
            "sv=1&sig=SECRET&sig=OTHER",
            "the SAS token gives `sig` twice",
        );
    }
}
