//! Terraform's language as `terraform fmt` would write it.
//!
//! Names before `=` are padded as far as attributes follow each other on single lines; what takes more
//! than one line stands between empty lines.

use std::fmt::Write as _;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text, quoted.
    Text(String),
    /// A truth value.
    Flag(bool),
    /// An expression as it is.
    Expression(String),
    /// An object or a map.
    Object(Vec<Item>),
}

/// A line or more in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// `name = value`.
    Attribute(String, Value),
    /// A remark on lines of its own.
    Remark(String),
    /// An empty line.
    Gap,
    /// A block within the block.
    Nested(Block),
}

/// A block, such as a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    remark: Option<String>,
    header: String,
    items: Vec<Item>,
}

impl Value {
    /// Makes a text.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hand over texts, ids and periods alike, made on the spot or borrowed"
    )]
    pub(crate) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    fn is_long(&self) -> bool {
        matches!(self, Self::Object(items) if !items.is_empty())
    }
}

impl Item {
    /// Makes an attribute of a text.
    pub(crate) fn text(name: &str, text: impl ToString) -> Self {
        Self::Attribute(name.to_owned(), Value::text(text))
    }

    /// Makes an attribute of a truth value.
    pub(crate) fn flag(name: &str, flag: bool) -> Self {
        Self::Attribute(name.to_owned(), Value::Flag(flag))
    }

    /// Makes an attribute of an expression.
    pub(crate) fn expression(name: &str, expression: impl Into<String>) -> Self {
        Self::Attribute(name.to_owned(), Value::Expression(expression.into()))
    }

    /// Makes an attribute of an object.
    pub(crate) fn object(name: &str, items: Vec<Self>) -> Self {
        Self::Attribute(name.to_owned(), Value::Object(items))
    }

    /// Makes an entry of a map, whose name is any text.
    pub(crate) fn entry(name: &str, items: Vec<Self>) -> Self {
        Self::Attribute(quoted(name), Value::Object(items))
    }

    fn is_long(&self) -> bool {
        match self {
            Self::Attribute(_, value) => value.is_long(),
            Self::Nested(_) => true,
            Self::Remark(_) | Self::Gap => false,
        }
    }
}

impl Block {
    /// Makes a block; the labels are names that need no care.
    pub(crate) fn new(kind: &str, labels: &[&str], items: Vec<Item>) -> Self {
        let labels: String = labels
            .iter()
            .map(|label| format!("{} ", quoted(label)))
            .collect();
        Self {
            remark: None,
            header: format!("{kind} {labels}"),
            items,
        }
    }

    /// Puts a remark before the block.
    #[must_use]
    pub(crate) fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    fn write(&self, depth: usize, text: &mut String) {
        if let Some(remark) = &self.remark {
            write_remark(remark, depth, text);
        }
        let pad = " ".repeat(depth * 2);
        if self.items.is_empty() {
            let _infallible = writeln!(text, "{pad}{}{{}}", self.header);
            return;
        }
        let _infallible = writeln!(text, "{pad}{}{{", self.header);
        write_items(&self.items, depth + 1, text);
        let _infallible = writeln!(text, "{pad}}}");
    }
}

/// Writes blocks one after another.
pub(crate) fn text(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        block.write(0, &mut text);
    }
    text
}

/// Makes a name out of a text: a letter or underscore, then letters, digits, underscores and hyphens.
pub(crate) fn name(text: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let mut name: String = text
        .chars()
        .map(|letter| if allowed(letter) { letter } else { '_' })
        .collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        name.insert(0, '_');
    }
    name
}

fn write_items(items: &[Item], depth: usize, text: &mut String) {
    let mut rest = items;
    let mut is_first = true;
    while let Some(item) = rest.first() {
        let is_line = |item: &Item| matches!(item, Item::Attribute(..)) && !item.is_long();
        let lines = rest.iter().take_while(|item| is_line(item)).count();
        let taken = lines.max(1);
        let (group, left) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
        if lines > 0 {
            write_lines(group, depth, text);
        } else {
            // What is long stands alone; a remark belongs to what comes after it.
            if item.is_long() && !is_first && !after_gap_or_remark(text) {
                text.push('\n');
            }
            write_item(item, depth, text);
            if item.is_long() && left.first().is_some_and(|next| *next != Item::Gap) {
                text.push('\n');
            }
        }
        is_first = false;
        rest = left;
    }
}

fn after_gap_or_remark(text: &str) -> bool {
    let last = text.trim_end_matches('\n').rsplit('\n').next();
    text.ends_with("\n\n") || last.is_some_and(|line| line.trim_start().starts_with('#'))
}

fn write_lines(lines: &[Item], depth: usize, text: &mut String) {
    let names = lines.iter().filter_map(|item| match item {
        Item::Attribute(name, _) => Some(name.chars().count()),
        _ => None,
    });
    let width = names.max().unwrap_or_default();
    for item in lines {
        if let Item::Attribute(name, value) = item {
            let pad = " ".repeat(depth * 2);
            let _infallible = write!(text, "{pad}{name:width$} = ");
            write_value(value, depth, text);
            text.push('\n');
        }
    }
}

fn write_item(item: &Item, depth: usize, text: &mut String) {
    match item {
        Item::Gap => text.push('\n'),
        Item::Remark(remark) => write_remark(remark, depth, text),
        Item::Nested(block) => block.write(depth, text),
        Item::Attribute(name, value) => {
            let _infallible = write!(text, "{}{name} = ", " ".repeat(depth * 2));
            write_value(value, depth, text);
            text.push('\n');
        }
    }
}

fn write_remark(remark: &str, depth: usize, text: &mut String) {
    for line in remark.lines() {
        let _infallible = writeln!(text, "{}# {line}", " ".repeat(depth * 2));
    }
}

fn write_value(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Text(value) => text.push_str(&quoted(value)),
        Value::Flag(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Expression(value) => text.push_str(value),
        Value::Object(items) if items.is_empty() => text.push_str("{}"),
        Value::Object(items) => {
            text.push_str("{\n");
            write_items(items, depth + 1, text);
            text.push_str(&" ".repeat(depth * 2));
            text.push('}');
        }
    }
}

/// Quotes a text so that nothing in it is taken for an expression.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if letters.peek() == Some(&'{') => {
                quoted.push(letter);
                quoted.push(letter);
            }
            control if control.is_control() => {
                let _infallible = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_written_as_fmt_would() {
        let tags = vec![Item::text("team", "a"), Item::entry("a b", Vec::new())];
        let items = vec![
            Item::text("id", "x"),
            Item::flag("enabled_too", true),
            Item::object("key_vault", vec![Item::text("name", "y")]),
            Item::Remark("why".to_owned()),
            Item::expression("policy_id", "a.b.id"),
            Item::object("tags", tags),
        ];
        let blocks = [
            Block::new("resource", &["a", "b"], items).remark("one\ntwo"),
            Block::new("moved", &[], vec![Item::expression("from", "a.b")]),
        ];
        let expected = r#"# one
# two
resource "a" "b" {
  id          = "x"
  enabled_too = true

  key_vault = {
    name = "y"
  }

  # why
  policy_id = a.b.id

  tags = {
    team  = "a"
    "a b" = {}
  }
}

moved {
  from = a.b
}
"#;
        assert_eq!(text(&blocks), expected);
    }

    #[test]
    fn no_text_becomes_an_expression() {
        let check = |text: &str, expected: &str| assert_eq!(quoted(text), expected);
        check("a", r#""a""#);
        check(
            "${file(\"x\")} %{if} $5 %",
            r#""$${file(\"x\")} %%{if} $5 %""#,
        );
        check("\\\n\u{1}", r#""\\\n\u0001""#);
    }

    #[test]
    fn names_begin_with_a_letter_or_an_underscore() {
        let check = |text: &str, expected: &str| assert_eq!(name(text), expected);
        check("stlogs", "stlogs");
        check("0st", "_0st");
        check("a.b c", "a_b_c");
        check("", "_");
    }
}
