//! The server of one face.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

use super::{Front, Request};

/// The longest request body.
const MOST: usize = 4 << 20;

/// Serves a face on a free port of 127.0.0.1 until the handle is aborted.
///
/// # Errors
/// When no port can be had.
pub(crate) async fn serve(front: Arc<Front>) -> io::Result<(SocketAddr, AbortHandle)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    Ok((address, tokio::spawn(accept(listener, front)).abort_handle()))
}

/// Takes connections; those under way end with the future.
async fn accept(listener: TcpListener, front: Arc<Front>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            arrived = listener.accept() => {
                if let Ok((stream, _)) = arrived {
                    front.connected();
                    connections.spawn(converse(stream, Arc::clone(&front)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, front: Arc<Front>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { front.exchange(whole(request).await?).await }
    });
    // A connection that ends in an error is what dropped answers look like; the caller sees it, and here is nothing to do.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn whole(request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (parts, body) = request.into_parts();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).and_modify(|old| *old = format!("{old},{value}")).or_insert(value);
    }
    let body: Bytes = Limited::new(body, MOST).collect().await.map_err(io::Error::other)?.to_bytes();
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    Ok(Request { method: parts.method.as_str().to_owned(), path, query, headers, body })
}
