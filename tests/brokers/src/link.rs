//! A link between two servers that can be cut, fall silent, heal, and be counted.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const OPEN: u8 = 0;
const SILENT: u8 = 1;
const CUT: u8 = 2;

/// How often a thread looks whether the link still is what it was.
const LOOK: Duration = Duration::from_millis(20);

/// Everything that one server says to others goes through it: a port here for each port there.
///
/// Dropping it closes what goes through it.
#[derive(Debug)]
pub struct Link {
    ports: Vec<u16>,
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: AtomicU8,
    gone: AtomicBool,
    there: AtomicU64,
    back: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

impl Link {
    /// A link to ports of this machine.
    ///
    /// # Panics
    /// When no port is free.
    pub fn to(ports: &[u16]) -> Link {
        let inner = Arc::new(Inner::default());
        let listen = |to: &u16| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
            listener.set_nonblocking(true).expect("a listener of ours");
            let port = listener.local_addr().expect("a listener of ours").port();
            let (inner, to) = (Arc::clone(&inner), *to);
            thread::spawn(move || accept(&listener, to, &inner));
            port
        };
        Link { ports: ports.iter().map(listen).collect(), inner }
    }

    /// Where it is entered, in the order of what it leads to.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// Breaks every connection, and lets none be made.
    pub fn cut(&self) {
        self.inner.state.store(CUT, Ordering::SeqCst);
        self.inner.close();
    }

    /// Lets nothing through, without a connection breaking: nobody is told.
    pub fn fall_silent(&self) {
        self.inner.state.store(SILENT, Ordering::SeqCst);
    }

    /// Lets everything through again.
    pub fn heal(&self) {
        self.inner.state.store(OPEN, Ordering::SeqCst);
    }

    /// Bytes that went from whoever entered it, and back, so far.
    pub fn bytes(&self) -> (u64, u64) {
        (self.inner.there.load(Ordering::SeqCst), self.inner.back.load(Ordering::SeqCst))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.inner.gone.store(true, Ordering::SeqCst);
        self.inner.close();
    }
}

impl Inner {
    fn is(&self, state: u8) -> bool {
        self.state.load(Ordering::SeqCst) == state
    }

    fn close(&self) {
        for stream in self.open.lock().expect("nobody panics while holding it").drain(..) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Two threads for each connection, one for each way.
    fn carry(self: &Arc<Inner>, near: TcpStream, far: TcpStream) -> std::io::Result<()> {
        for stream in [&near, &far] {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(LOOK))?;
            self.open.lock().expect("nobody panics while holding it").push(stream.try_clone()?);
        }
        let (near_too, far_too) = (near.try_clone()?, far.try_clone()?);
        let (there, back) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || pass_on(near, far, &there, &there.there));
        thread::spawn(move || pass_on(far_too, near_too, &back, &back.back));
        // It may have been cut while this was made.
        if self.is(CUT) {
            self.close();
        }
        Ok(())
    }
}

fn accept(listener: &TcpListener, to: u16, inner: &Arc<Inner>) {
    while !inner.gone.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((near, _)) if inner.is(OPEN) => {
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
                // What fails here is closed, and whoever wanted it tries again.
                let _ = near.set_nonblocking(false).and_then(|()| inner.carry(near, far));
            }
            // Cut: closed at once. Silent: nobody answers, and nobody is told.
            Ok(_) => {}
            Err(_) => thread::sleep(LOOK),
        }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, inner: &Inner, count: &AtomicU64) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        while inner.is(SILENT) && !inner.gone.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
        }
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                count.fetch_add(read as u64, Ordering::SeqCst);
                if to.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
