//! A proxy between the driver and its cloud: it counts, keeps what was said, and lets things go wrong.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use ladybug_core::conformance::driver::{Fault, Requests};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
};

/// Is told of every exchange before the driver is.
#[async_trait]
pub(crate) trait Witness: std::fmt::Debug + Send + Sync {
    /// The body of a request, and of its answer.
    async fn saw(&self, request: &str, answer: &str);
}

/// What is counted and what goes wrong.
#[derive(Debug, Default)]
struct Book {
    requests: Requests,
    fault: Option<Fault>,
    /// Every form body, with the service that it was signed for.
    bodies: Vec<(String, String)>,
    witness: Option<Arc<dyn Witness>>,
    arrived: watch::Sender<u64>,
    answered: watch::Sender<u64>,
}

/// One proxy, until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    book: Arc<Mutex<Book>>,
    task: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is done with one request.
enum Fate {
    Pass,
    DropAnswer,
    Hang,
    Say(&'static str),
}

impl Proxy {
    /// Opens a proxy to `upstream`, as `host:port`.
    pub(crate) async fn open(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = Arc::clone(&book);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, upstream.clone(), Arc::clone(&shared)));
            }
        });
        Self { endpoint, book, task: task.abort_handle() }
    }

    pub(crate) fn strike(&self, fault: Option<Fault>) {
        locked(&self.book).fault = fault;
    }

    pub(crate) fn requests(&self) -> Requests {
        locked(&self.book).requests
    }

    /// Lets `witness` see everything from now on.
    pub(crate) fn show(&self, witness: Arc<dyn Witness>) {
        locked(&self.book).witness = Some(witness);
    }

    /// How many requests have arrived.
    pub(crate) fn arrived(&self) -> watch::Receiver<u64> {
        locked(&self.book).arrived.subscribe()
    }

    /// Waits until the cloud has done what it was sent, whoever sent it.
    pub(crate) async fn quiet(&self) {
        let (arrived, mut answered) = (*self.arrived().borrow(), locked(&self.book).answered.subscribe());
        answered.wait_for(|answered| *answered >= arrived).await.unwrap();
    }

    /// Every form body so far, with the service that it was signed for.
    pub(crate) fn bodies(&self) -> Vec<(String, String)> {
        locked(&self.book).bodies.clone()
    }
}

fn locked(book: &Mutex<Book>) -> std::sync::MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(client: TcpStream, upstream: String, book: Arc<Mutex<Book>>) -> io::Result<()> {
    let mut client = BufReader::new(client);
    while let Some(request) = message(&mut client).await? {
        match fate(&book, &request) {
            Fate::Hang => std::future::pending::<()>().await,
            Fate::Say(answer) => client.get_mut().write_all(answer.as_bytes()).await?,
            Fate::DropAnswer => {
                pass_on(&upstream, &request, &book).await?;
                return Ok(());
            }
            Fate::Pass => {
                let answer = pass_on(&upstream, &request, &book).await?;
                client.get_mut().write_all(&answer).await?;
            }
        }
    }
    Ok(())
}

/// Counts an answer when it is dropped, whatever became of it.
struct Answered<'a>(&'a Mutex<Book>);

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        locked(self.0).answered.send_modify(|answered| *answered += 1);
    }
}

async fn pass_on(upstream: &str, request: &[u8], book: &Mutex<Book>) -> io::Result<Vec<u8>> {
    let _answered = Answered(book);
    let answer = forward(upstream, request).await?;
    let witness = locked(book).witness.clone();
    if let Some(witness) = witness {
        witness.saw(&body(request), &body(&answer)).await;
    }
    Ok(answer)
}

fn body(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

async fn forward(upstream: &str, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = BufReader::new(TcpStream::connect(upstream).await?);
    server.get_mut().write_all(request).await?;
    message(&mut server).await?.ok_or_else(|| io::Error::other("the cloud hung up"))
}

/// One HTTP message with a length, as it came; `None` at the end of the stream.
async fn message(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let (mut whole, mut length) = (Vec::new(), 0);
    loop {
        let before = whole.len();
        if stream.read_until(b'\n', &mut whole).await? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&whole[before..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let head = whole.len();
    whole.resize(head + length, 0);
    stream.read_exact(&mut whole[head..]).await?;
    Ok(Some(whole))
}

fn fate(book: &Mutex<Book>, request: &[u8]) -> Fate {
    let text = String::from_utf8_lossy(request);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let balancer = head.contains("/elasticloadbalancing/");
    let looks = ["Action=Describe", "Action=Get", "DryRun=true"];
    let change = !looks.iter().any(|word| body.contains(word)) && body.starts_with("Action=");
    let mut book = locked(book);
    if body.starts_with("Action=") {
        let service = if balancer { "elbv2" } else { "ec2" };
        book.bodies.push((service.to_owned(), body.to_owned()));
    }
    book.requests.all += 1;
    book.arrived.send_modify(|arrived| *arrived += 1);
    book.requests.changes += u64::from(change);
    match book.fault {
        Some(Fault::LoseAnswer { after: 0 }) if change => {
            book.fault = None;
            Fate::DropAnswer
        }
        Some(Fault::LoseAnswer { after }) if change => {
            book.fault = Some(Fault::LoseAnswer { after: after - 1 });
            Fate::Pass
        }
        Some(Fault::Hang) => Fate::Hang,
        Some(Fault::Throttle) if balancer => Fate::Say(THROTTLE_ELB),
        Some(Fault::Throttle) => Fate::Say(THROTTLE_EC2),
        Some(Fault::Unavailable) => Fate::Say(UNAVAILABLE),
        _ => Fate::Pass,
    }
}

const THROTTLE_EC2: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 179\r\n\r\n\
    <Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error>\
    </Errors><RequestID>00000000-0000-0000-0000-0000</RequestID></Response>";
const THROTTLE_ELB: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 146\r\n\r\n\
    <ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>\
    <RequestId>r-1</RequestId></ErrorResponse>";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 113\r\n\r\n\
    <Response><Errors><Error><Code>Unavailable</Code><Message/></Error></Errors><RequestID>r-1</RequestID></Response>";
