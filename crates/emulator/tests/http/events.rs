//! Events about secrets, posted to a subscriber.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{Bench, Failure};

#[tokio::test]
async fn a_subscriber_hears_of_a_secret_thirty_days_before_its_end() -> Result<(), Failure> {
    let bench = Bench::standard().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!(
        "http://{}/runtime/webhooks/eventgrid?code=x",
        listener.local_addr()?
    );
    bench.emulator.control().subscribe(&url)?;
    assert!(
        bench
            .emulator
            .control()
            .subscribe("http://example.com/")
            .is_err()
    );
    let end = bench.emulator.control().now().as_second() + 40 * 86_400;
    let body = format!(r#"{{"value": "v", "attributes": {{"exp": {end}}}}}"#);
    bench
        .vault("PUT", "/secrets/soon?api-version=7.4", &body)
        .await?;
    bench.emulator.control().advance("P11D")?;
    let (mut stream, _) = listener.accept().await?;
    let mut heard = String::new();
    while !heard.ends_with("}]") {
        let mut part = [0_u8; 1024];
        let read = stream.read(&mut part).await?;
        assert!(read > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(
            part.get(..read).unwrap_or_default(),
        ));
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await?;
    assert!(
        heard.starts_with("POST /runtime/webhooks/eventgrid?code=x HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains(r#""eventType":"Microsoft.KeyVault.SecretNearExpiry""#),
        "{heard}"
    );
    assert!(
        heard.contains(&format!(r#""EXP":{end}"#)) && heard.contains(r#""ObjectName":"soon""#),
        "{heard}"
    );
    assert!(!heard.contains(r#""v""#), "the value stays in the vault");
    drop(stream);
    let journal = loop {
        let journal = bench.emulator.control().journal();
        if let Some(entry) = journal
            .into_iter()
            .find(|entry| entry.operation == "EventGrid_Publish")
        {
            break entry;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(journal.status, Some(200));
    assert!(journal.url.ends_with("?code=redacted"), "{}", journal.url);
    Ok(())
}
