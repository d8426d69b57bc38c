//! Log lines on stderr, in the form that cores read: one JSON object a line.
//!
//! Lines are written by a thread of their own. If the core does not read them, lines are dropped rather than
//! that an operation waits; if stderr is gone, nothing happens. Contents of values are never logged.

use std::fmt;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// How many lines may wait to be written.
const WAITING_LINES: usize = 1_024;

/// How long the end of the process waits for the last lines.
const LAST_LINES: Duration = Duration::from_millis(100);

/// Longer lines are cut by cores, and a cut line is no JSON any more.
const LINE_BYTES: usize = 60_000;

/// Libraries that would tell every frame; of them only warnings are of use.
const TALKATIVE: [&str; 11] = [
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "reqwest",
    "rustls",
    "tokio",
    "tokio_util",
    "tonic",
    "tower",
    "want",
];

static WRITER: OnceLock<SyncSender<Message>> = OnceLock::new();

enum Message {
    Line(String),
    Flush(SyncSender<()>),
}

/// Sends log lines and panics to stderr, as talkative as `TF_LOG_PROVIDER` or else `TF_LOG` says.
///
/// A second call changes nothing.
pub fn init_logging(name: &str, env: fn(&str) -> Option<String>) {
    let level = env("TF_LOG_PROVIDER").or_else(|| env("TF_LOG"));
    let level = level_of(level.as_deref());
    if WRITER.get().is_some() || !start_writer() {
        return;
    }
    let layer = Lines {
        module: name.to_owned(),
    };
    let layer = layer
        .with_filter(FilterFn::new(is_useful))
        .with_filter(level);
    // Whoever set a subscriber before us keeps it.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
    std::panic::set_hook(Box::new(|info| {
        // What the panic says may hold contents of values; where it happened does not.
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the provider panicked");
    }));
}

/// Waits a moment for the lines that are still to be written.
pub(crate) fn flush() {
    let Some(writer) = WRITER.get() else { return };
    let (written, wait) = sync_channel(1);
    if writer.try_send(Message::Flush(written)).is_ok() {
        let _ = wait.recv_timeout(LAST_LINES);
    }
}

fn start_writer() -> bool {
    let (sender, lines) = sync_channel(WAITING_LINES);
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write(&lines));
    thread.is_ok() && WRITER.set(sender).is_ok()
}

fn write(messages: &Receiver<Message>) {
    for message in messages {
        // A core that is gone reads no lines, and a log has nowhere to complain.
        match message {
            Message::Line(line) => drop(std::io::stderr().write_all(line.as_bytes())),
            Message::Flush(written) => drop(written.send(())),
        }
    }
}

fn level_of(text: Option<&str>) -> LevelFilter {
    match text.map(str::to_ascii_uppercase).as_deref() {
        Some("TRACE" | "JSON") => LevelFilter::TRACE,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some("INFO") => LevelFilter::INFO,
        Some("ERROR") => LevelFilter::ERROR,
        Some("OFF") => LevelFilter::OFF,
        _ => LevelFilter::WARN,
    }
}

fn is_useful(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::WARN || !TALKATIVE.contains(&library)
}

struct Lines {
    module: String,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = line(&self.module, *event.metadata().level(), fields);
        if let Some(writer) = WRITER.get() {
            let _ = writer.try_send(Message::Line(line));
        }
    }
}

/// A core takes message and level for texts and falls over anything else.
fn line(module: &str, level: Level, fields: Fields) -> String {
    let mut object = fields.others;
    object.insert(
        "@level".to_owned(),
        level.as_str().to_ascii_lowercase().into(),
    );
    object.insert("@message".to_owned(), fields.message.into());
    object.insert("@module".to_owned(), module.into());
    let mut line = Json::Object(object).to_string();
    if line.len() > LINE_BYTES {
        let level = level.as_str().to_ascii_lowercase();
        line = serde_json::json!({
            "@level": level, "@message": "a log line was too long", "@module": module
        })
        .to_string();
    }
    line.push('\n');
    line
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Json>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.others.insert(field.name().to_owned(), value.into());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_json_object_with_texts_for_message_and_level() {
        let others = Map::from_iter([("what".to_owned(), Json::from("two\nlines"))]);
        let text = line(
            "toy",
            Level::INFO,
            Fields {
                message: "hello".to_owned(),
                others,
            },
        );
        assert_eq!(text.matches('\n').count(), 1);
        let json: Json = serde_json::from_str(&text).expect("JSON");
        let expected = serde_json::json!({
            "@level": "info", "@message": "hello", "@module": "toy", "what": "two\nlines"
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_line_that_a_core_would_cut_says_so_instead() {
        let fields = Fields {
            message: "x".repeat(LINE_BYTES),
            ..Fields::default()
        };
        let text = line("toy", Level::WARN, fields);
        assert!(text.len() < 200 && text.contains("too long"));
    }

    #[test]
    fn the_level_is_that_of_the_core() {
        for (text, level) in [
            (None, LevelFilter::WARN),
            (Some("trace"), LevelFilter::TRACE),
            (Some("JSON"), LevelFilter::TRACE),
            (Some("off"), LevelFilter::OFF),
            (Some("nonsense"), LevelFilter::WARN),
        ] {
            assert_eq!(level_of(text), level, "{text:?}");
        }
    }
}
