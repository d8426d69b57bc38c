//! Putting one key in the place of another inside a text, in whatever form the text writes it.
//!
//! A key is Base64, of which `+`, `/` and `=` are written otherwise in addresses and in JSON. The rest
//! of the text stays as it is, letter by letter.

/// How a text holds a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In a form in which another key can take its place.
    Clear,
    /// In a form that is not understood: a long part of the key stands there, and not the whole.
    Obscure,
}

/// The shortest run of letters by which a key is recognised.
const TELLING: usize = 16;

/// Finds how a text holds a key; `None` if it does not.
pub(super) fn find(text: &str, key: &str) -> Option<Form> {
    // An empty key is everywhere, and no key.
    if key.is_empty() {
        return None;
    }
    let rest = replace(text, key, "");
    let runs = told_apart(key).split(|letter: char| !letter.is_ascii_alphanumeric());
    let run = runs.max_by_key(|run| run.len()).unwrap_or_default();
    if run.len() >= TELLING && rest.contains(run) {
        return Some(Form::Obscure);
    }
    (rest != text).then_some(Form::Clear)
}

/// Gives the part by which a long key is told from others: those of a test system may begin alike.
fn told_apart(key: &str) -> &str {
    let half = key.len() / 2;
    let is_long = half >= TELLING * 2;
    key.get(half..).filter(|_| is_long).unwrap_or(key)
}

/// Puts `new` wherever `old` stands, each in the form of what it replaces.
pub(super) fn replace(text: &str, old: &str, new: &str) -> String {
    let (mut written, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(letter) = rest.chars().next() {
        match taken(rest, old) {
            Some((style, after)) => {
                new.chars()
                    .for_each(|letter| style.put(letter, &mut written));
                rest = after;
            }
            None => {
                written.push(letter);
                rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            }
        }
    }
    written
}

/// How a key writes the letters that have several forms; those that it does not have are unknown.
#[derive(Default)]
struct Style<'a>([Option<&'a str>; 3]);

const SPECIAL: [char; 3] = ['+', '/', '='];

/// The forms of each of them, as they stand in addresses, in JSON, and by themselves.
const FORMS: [&[&str]; 3] = [
    &["+", "%2B", "%2b", "\\u002B", "\\u002b"],
    &["/", "%2F", "%2f", "\\/", "\\u002F", "\\u002f"],
    &["=", "%3D", "%3d", "\\u003D", "\\u003d"],
];

impl Style<'_> {
    fn put(&self, letter: char, written: &mut String) {
        let place = SPECIAL.iter().position(|special| *special == letter);
        let seen = place.and_then(|place| self.0.get(place).copied().flatten());
        match seen {
            Some(form) => written.push_str(form),
            // What stands in an address must not be taken for a space or for the end of a name.
            None if place.is_some() && self.is_of_an_address() => {
                written.push_str(&format!("%{:02X}", u32::from(letter)));
            }
            None => written.push(letter),
        }
    }

    fn is_of_an_address(&self) -> bool {
        let mut seen = self.0.iter().flatten();
        seen.any(|form| form.starts_with('%'))
    }
}

/// Reads a key at the beginning of a text: how it is written, and what comes after it.
fn taken<'a>(text: &'a str, key: &str) -> Option<(Style<'a>, &'a str)> {
    let (mut style, mut rest) = (Style::default(), text);
    // An empty key would be taken everywhere, for ever.
    key.chars().next()?;
    for letter in key.chars() {
        let place = SPECIAL.iter().position(|special| *special == letter);
        let Some(place) = place else {
            rest = rest.strip_prefix(letter)?;
            continue;
        };
        let forms = FORMS.get(place)?;
        let form = forms.iter().find(|form| rest.starts_with(**form))?;
        let (seen, after) = rest.split_at_checked(form.len())?;
        if let Some(known) = style.0.get_mut(place) {
            *known = Some(seen);
        }
        rest = after;
    }
    Some((style, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "oldoldoldoldoldoldold+a/b==";
    const NEW: &str = "newnewnewnewnewnewnew/c+d==";

    fn check(text: &str, expected: &str) {
        assert_eq!(replace(text, OLD, NEW), expected);
        assert_eq!(find(text, OLD), Some(Form::Clear), "{text}");
        assert_eq!(find(expected, OLD), None, "{expected}");
    }

    #[test]
    fn another_key_takes_the_form_of_the_one_before() {
        check(OLD, NEW);
        check(
            &format!("AccountName=st;AccountKey={OLD};B={OLD}"),
            &format!("AccountName=st;AccountKey={NEW};B={NEW}"),
        );
        check(
            "k=oldoldoldoldoldoldold%2Ba%2Fb%3D%3D&x=1",
            "k=newnewnewnewnewnewnew%2Fc%2Bd%3D%3D&x=1",
        );
        check(
            "k=oldoldoldoldoldoldold%2ba/b==",
            "k=newnewnewnewnewnewnew/c%2bd==",
        );
        check(
            r#"{"k":"oldoldoldoldoldoldold\u002Ba\/b=="}"#,
            r#"{"k":"newnewnewnewnewnewnew\/c\u002Bd=="}"#,
        );
    }

    #[test]
    fn a_letter_that_the_old_key_did_not_have_is_written_as_the_others_are() {
        assert_eq!(replace("x%3D", "x=", "+/="), "%2B%2F%3D");
        assert_eq!(replace("x=", "x=", "+/="), "+/=");
    }

    #[test]
    fn what_is_no_such_key_stays_as_it_is() {
        for text in [
            "",
            "other",
            "OLDOLDOLDOLDOLDOLDOLD+a/b==",
            "ä€ =%3D",
            "@Microsoft.KeyVault()",
        ] {
            assert_eq!(replace(text, OLD, NEW), text);
            assert_eq!(find(text, OLD), None, "{text}");
        }
        assert_eq!(replace("text", "", NEW), "text");
        assert_eq!(find("text", ""), None);
    }

    #[test]
    fn a_form_that_is_not_understood_is_told() {
        let twice = "oldoldoldoldoldoldold%252Ba%252Fb%253D%253D";
        for text in [twice.to_owned(), format!("{OLD} {twice}")] {
            assert_eq!(find(&text, OLD), Some(Form::Obscure), "{text}");
        }
    }
}
