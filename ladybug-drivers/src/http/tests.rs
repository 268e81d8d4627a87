use std::time::Duration;

use bytes::Bytes;
use http::Request;
use ladybug_core::{Disposition, Error, ErrorKind, cloud::Call};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};

use super::{Answer, Client, Effect};

/// A server that reads one request, says `answer`, and hangs up.
async fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/path?token=hunter2", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        if answer == "never" {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    url
}

async fn ask(url: &str, effect: Effect) -> Result<Answer, Error> {
    let soon = Call::new().with_deadline(Instant::now() + Duration::from_millis(500));
    let request = Request::post(url).header("authorization", "hunter2").body(Bytes::from("password=hunter2")).unwrap();
    Client::new().unwrap().with_longest_answer(64).send(&soon, "make network n", effect, request).await
}

#[tokio::test]
async fn an_answer_is_returned_whatever_its_status() {
    let url = server("HTTP/1.1 503 Slow\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno").await;
    let answer = ask(&url, Effect::Write).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (503, &b"no"[..]));
    assert_eq!(answer.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(format!("{answer:?}"), "Answer(503 Service Unavailable, 2 bytes)");
}

#[tokio::test]
async fn a_request_that_was_not_sent_may_be_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&url, Effect::Write).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.disposition(), Disposition::Transient { after: None });
    assert!(error.report().to_string().contains("refused"), "{}", error.report());
}

#[tokio::test]
async fn a_lost_answer_is_ambiguous_for_writes_only() {
    for lost in ["", "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf"] {
        let write = ask(&server(lost).await, Effect::Write).await.unwrap_err();
        assert_eq!((write.kind(), write.disposition()), (ErrorKind::Unavailable, Disposition::Ambiguous));
        let read = ask(&server(lost).await, Effect::Read).await.unwrap_err();
        assert_eq!(read.disposition(), Disposition::Transient { after: None });
    }
}

#[tokio::test]
async fn a_deadline_ends_the_wait_and_is_ambiguous_for_writes_only() {
    let write = ask(&server("never").await, Effect::Write).await.unwrap_err();
    assert_eq!((write.kind(), write.disposition()), (ErrorKind::Timeout, Disposition::Ambiguous));
    let read = ask(&server("never").await, Effect::Read).await.unwrap_err();
    assert_eq!(read.disposition(), Disposition::Transient { after: None });
}

#[tokio::test]
async fn an_endless_answer_is_refused() {
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123456789";
    let error = ask(&server(long).await, Effect::Read).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unexpected, Disposition::Permanent));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let url = server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(ask(&url, Effect::Read).await.unwrap().status.as_u16(), 302);
}

#[tokio::test]
async fn no_secret_of_a_request_reaches_its_error() {
    let error = ask(&server("").await, Effect::Write).await.unwrap_err();
    let shown = format!("{error:?} {error} {}", error.report());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("make network n"), "{shown}");
}
