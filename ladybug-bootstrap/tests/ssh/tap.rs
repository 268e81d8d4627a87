//! A man in the middle: hands on what a client says, and keeps it.

use std::{
    io::{Read, Write, copy},
    net::{Shutdown, TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

/// The numbers of messages (RFC 4253, section 12; RFC 5656, section 7.1).
pub(crate) const KEXINIT: u8 = 20;
pub(crate) const NEWKEYS: u8 = 21;
pub(crate) const KEX_ECDH_INIT: u8 = 30;

/// What a client said.
#[derive(Debug)]
pub(crate) struct Tap {
    /// The kinds of its open messages.
    pub(crate) open: Vec<u8>,
    /// How many bytes followed that only the server can read.
    pub(crate) sealed: usize,
}

impl Tap {
    /// Stands before the server at a port of this machine: the port for the client, and what its one connection said.
    pub(crate) fn before(server: u16) -> (u16, JoinHandle<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (port, thread::spawn(move || Self::read(&listen(&listener, server))))
    }

    fn read(said: &[u8]) -> Self {
        let greeting = said.iter().position(|byte| *byte == b'\n').expect("a greeting") + 1;
        let (mut rest, mut open) = (&said[greeting..], Vec::new());
        while open.last() != Some(&NEWKEYS) && rest.len() > 5 {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            open.push(rest[5]);
            rest = &rest[4 + length..];
        }
        Self { open, sealed: rest.len() }
    }
}

fn listen(listener: &TcpListener, server: u16) -> Vec<u8> {
    let (mut client, _) = listener.accept().unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", server)).unwrap();
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let answering = thread::spawn(move || {
        let _ = copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = client.read(&mut piece) {
        said.extend_from_slice(&piece[..count]);
        if server.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    answering.join().unwrap();
    said
}
