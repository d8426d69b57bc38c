//! Events about secrets, posted to a subscriber that wants them.

use emulator::JournalEntry;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{Bench, Failure, control};

const QUESTION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";
const NEAR: &str = "Microsoft.KeyVault.SecretNearExpiry";

/// A subscriber that answers what it is told to.
struct Subscriber(TcpListener);

/// One POST with the connection that waits for its answer.
struct Heard {
    stream: TcpStream,
    head: String,
    event: Value,
}

impl Subscriber {
    async fn open(bench: &Bench) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}/runtime/webhooks/eventgrid?code=x");
        bench.emulator.control().subscribe(&url)?;
        Ok(Self(listener))
    }

    async fn hear(&self) -> Result<Heard, Failure> {
        let (mut stream, _) = self.0.accept().await?;
        let mut heard = String::new();
        while !heard.ends_with("}]") {
            let mut part = [0_u8; 1024];
            let read = stream.read(&mut part).await?;
            assert!(read > 0, "{heard}");
            heard.push_str(&String::from_utf8_lossy(
                part.get(..read).unwrap_or_default(),
            ));
        }
        let (head, body) = heard.split_once("\r\n\r\n").ok_or("no head")?;
        let events: Value = serde_json::from_str(body)?;
        Ok(Heard {
            stream,
            head: head.to_owned(),
            event: events.get(0).cloned().unwrap_or_default(),
        })
    }
}

impl Heard {
    fn text(&self, pointer: &str) -> String {
        let found = self.event.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    }

    async fn answer(mut self, body: &str) -> Result<(), Failure> {
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(answer.as_bytes()).await?;
        Ok(())
    }
}

/// Writes a secret that ends in forty days, and lets eleven pass.
async fn come_near(bench: &Bench) -> Result<i64, Failure> {
    let end = bench.emulator.control().now().as_second() + 40 * 86_400;
    let body = format!(r#"{{"value": "v", "attributes": {{"exp": {end}}}}}"#);
    bench
        .vault("PUT", "/secrets/soon?api-version=7.4", &body)
        .await?;
    bench.emulator.control().advance("P11D")?;
    Ok(end)
}

/// Waits until the journal has that many deliveries with an answer.
async fn deliveries(bench: &Bench, count: usize) -> Vec<JournalEntry> {
    loop {
        let journal = bench.emulator.control().journal().into_iter();
        let found: Vec<JournalEntry> = journal
            .filter(|entry| entry.operation == "EventGrid_Publish")
            .collect();
        if found.len() >= count {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

async fn states(bench: &Bench) -> Result<String, Failure> {
    let shown = control(&bench.emulator, "GET", "/subscribers", &[]).await?;
    Ok(shown.text("/subscribers/0/state"))
}

#[tokio::test]
async fn a_subscriber_hears_of_a_secret_thirty_days_before_its_end() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let elsewhere = bench.emulator.control().subscribe("http://example.com/");
    assert!(elsewhere.is_err());
    let subscriber = Subscriber::open(&bench).await?;
    let question = subscriber.hear().await?;
    assert_eq!(question.text("/eventType"), QUESTION);
    let code = question.text("/data/validationCode");
    question
        .answer(&format!(r#"{{"validationResponse": "{code}"}}"#))
        .await?;
    let end = come_near(&bench).await?;
    let heard = subscriber.hear().await?;
    let head = heard.head.to_ascii_lowercase();
    assert!(
        head.starts_with("post /runtime/webhooks/eventgrid?code=x http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("aeg-event-type: notification"), "{head}");
    assert_eq!(heard.text("/eventType"), NEAR);
    assert_eq!(heard.text("/data/ObjectName"), "soon");
    assert_eq!(heard.event.pointer("/data/EXP"), Some(&Value::from(end)));
    assert!(
        !heard.event.to_string().contains(r#""v""#),
        "the value stays in the vault"
    );
    heard.answer("").await?;
    for entry in deliveries(&bench, 2).await {
        assert_eq!(entry.status, Some(200));
        assert!(entry.url.ends_with("?code=redacted"), "{}", entry.url);
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_told_before_the_subscriber_has_said_that_it_wants_it() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let subscriber = Subscriber::open(&bench).await?;
    let question = subscriber.hear().await?;
    let (code, address) = (
        question.text("/data/validationCode"),
        question.text("/data/validationUrl"),
    );
    question
        .answer(r#"{"validationResponse": "made up"}"#)
        .await?;
    come_near(&bench).await?;
    assert_eq!(deliveries(&bench, 1).await.len(), 1);
    assert_eq!(states(&bench).await?, "waiting");
    let (_, path) = address.split_at(address.find("/subscribers").ok_or(address.clone())?);
    let wrong = path.replace(&code, "made-up");
    let refused = control(&bench.emulator, "GET", &wrong, &[]).await?;
    assert_eq!(refused.status, 404);
    let opened = control(&bench.emulator, "GET", path, &[]).await?;
    assert_eq!(opened.status, 200, "{address}");
    assert_eq!(states(&bench).await?, "validated");
    come_near(&bench).await?;
    let heard = subscriber.hear().await?;
    assert_eq!(heard.text("/eventType"), NEAR);
    heard.answer("").await
}
