//! Templates and tokens: a template that is accepted is sent without a signature and means the same;
//! a signature is seen wherever it stands.

use azure::SasTemplate;
use azure::sas::text::holds_signature;
use azure::sas::token::TokenParameters;

/// Reads a text as a template and as a token.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(template) = SasTemplate::parse(text) {
        let sent = template.to_template_uri();
        assert!(!holds_signature(&sent), "a signature is sent");
        let again = SasTemplate::parse(&sent).expect("what is sent is a template");
        assert!(template.same_meaning(&again), "{text:?} became {sent:?}");
    }
    if let Ok(token) = TokenParameters::parse(text) {
        assert!(!token.has_signature || holds_signature(text), "{text:?}");
    }
    let made = format!("sv=2018-03-28&ss=b&srt=sco&sp=rw&sig={text}");
    if !text.is_empty() && !text.contains('&') {
        assert!(holds_signature(&made));
    }
}
