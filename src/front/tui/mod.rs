//! The full screen.
//!
//! [`screen::Screen`] is all of it without a terminal; here the two are joined, with the signals and the clock.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::fd::AsFd;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use crate::front::words;
use crate::front::{Front, Look};
use crate::wizard::message::Input;
use crate::wizard::page::Page;

mod block;
mod editor;
mod focus;
mod frame;
pub mod keyboard;
pub mod keys;
mod painter;
pub mod screen;
mod sheet;
pub mod terminal;
mod theme;

use keyboard::{Heard, Keyboard};
use painter::Painter;
use screen::{Act, Screen};
use terminal::Terminal;

/// Bytes that one read takes at most. A paste without brackets that is longer is several.
const READ: usize = 16 * 1024;

/// The conversation on a terminal that it has for itself.
pub struct FullScreen {
    screen: Screen,
    painter: Painter,
    terminal: Terminal,
    buffer: Buffer,
    out: Vec<u8>,
    keyboard: Keyboard,
    heard: VecDeque<Heard>,
    said: VecDeque<Input>,
    /// The page stands bare on the normal screen, until a key.
    bare: bool,
    world: World,
    ending: bool,
}

/// What wakes the screen: the keyboard and the signals.
struct World {
    stdin: AsyncFd<OwnedFd>,
    resized: Signal,
    continued: Signal,
    ends: [Signal; 4],
    /// One more SIGCONT belongs to a suspension that was ours.
    ours: bool,
}

impl World {
    fn new() -> io::Result<Self> {
        let end = |kind| signal(kind);
        Ok(World {
            stdin: watch(io::stdin().as_fd().try_clone_to_owned()?)?,
            resized: signal(SignalKind::window_change())?,
            continued: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            ends: [
                end(SignalKind::terminate())?,
                end(SignalKind::hangup())?,
                end(SignalKind::interrupt())?,
                end(SignalKind::quit())?,
            ],
            ours: false,
        })
    }
}

/// Deprecated because a safe type could hand out other descriptors over time; an `OwnedFd` is always the same one, and what
/// replaces it needs `unsafe`.
#[allow(deprecated)]
fn watch(stdin: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(stdin, tokio::io::Interest::READABLE)
}

/// What happened outside.
enum Event {
    Bytes(Zeroizing<Vec<u8>>),
    Resized,
    Continued,
    End,
    /// The terminal is gone.
    Gone,
    Time,
}

impl FullScreen {
    /// Takes the terminal; to be called inside the runtime. An error where stdin or stdout is no terminal.
    pub fn new(look: Look) -> io::Result<Self> {
        // tokio's own words for this are a panic.
        tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        // The signals first: from the moment the terminal is taken none may end the program without giving it back.
        let world = World::new()?;
        let terminal = Terminal::take()?;
        Ok(FullScreen {
            screen: Screen::new(look, terminal::size()),
            painter: Painter::new(look.color),
            terminal,
            buffer: Buffer::empty(Rect::ZERO),
            out: Vec::with_capacity(8 * 1024),
            keyboard: Keyboard::default(),
            heard: VecDeque::new(),
            said: VecDeque::new(),
            bare: false,
            world,
            ending: false,
        })
    }

    fn paint(&mut self) -> io::Result<()> {
        if self.bare {
            return Ok(());
        }
        let area = Rect::new(0, 0, self.screen.size.0, self.screen.size.1);
        if self.buffer.area == area {
            self.buffer.reset();
        } else {
            self.buffer = Buffer::empty(area);
        }
        let cursor = self.screen.paint(&mut self.buffer, Instant::now());
        self.out.clear();
        self.painter.paint(&mut self.buffer, cursor, &mut self.out);
        if self.out.is_empty() { Ok(()) } else { self.terminal.write(&self.out) }
    }

    fn paint_anew(&mut self) -> io::Result<()> {
        self.painter.forget();
        self.paint()
    }

    /// The page without frame and wrap on the normal screen, where the terminal's own scrolling and marking works.
    fn show_bare(&mut self) -> io::Result<()> {
        let Some(page) = self.screen.page() else { return Ok(()) };
        let mut text = String::from("\n");
        for line in words::page(page, self.screen.look.ascii) {
            text.push_str(&line);
            text.push_str("\r\n");
        }
        text.push_str("\r\n(any key: back to labwizard)\r\n");
        self.bare = true;
        self.screen.cover();
        self.terminal.write(&terminal::giving_back())?;
        self.terminal.write(text.as_bytes())
    }

    /// Takes the screen again that the bare page has left, so that it is left from the right place.
    fn end_bare(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.bare) { self.terminal.write(&terminal::taking()) } else { Ok(()) }
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.screen.cover();
        self.end_bare()?;
        self.terminal.give_back()?;
        self.world.ours = true;
        terminal::stop()?;
        self.retake()
    }

    fn retake(&mut self) -> io::Result<()> {
        self.terminal.take_again()?;
        self.bare = false;
        self.screen.resize(terminal::size());
        self.paint_anew()
    }

    fn act(&mut self, act: Act) -> io::Result<()> {
        match act {
            Act::Say(input) => self.said.push_back(input),
            Act::Suspend => {
                self.suspend()?;
                self.said.push_back(Input::Resumed);
            }
            Act::Copy(text) => self.terminal.write(&terminal::copying(&text))?,
            Act::Bare => self.show_bare()?,
            Act::Redraw => self.painter.forget(),
        }
        Ok(())
    }

    /// The next thing that was said by what has been heard already.
    fn answer(&mut self) -> io::Result<Option<Input>> {
        loop {
            if let Some(input) = self.said.pop_front() {
                return Ok(Some(input));
            }
            let Some(heard) = self.heard.pop_front() else { return Ok(None) };
            if self.bare {
                self.end_bare()?;
                self.paint_anew()?;
                continue;
            }
            for act in self.screen.hear(heard, Instant::now()) {
                self.act(act)?;
            }
            self.paint()?;
        }
    }

    async fn event(&mut self) -> io::Result<Event> {
        let wait = if let Some(wait) = self.keyboard.waits() {
            Some(Instant::now() + wait)
        } else if self.bare {
            None
        } else {
            self.screen.deadline(Instant::now())
        };
        let World { stdin, resized, continued, ends: [term, hup, int, quit], .. } = &mut self.world;
        let time = async {
            match wait {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        // Signals first: an endless stream of input must not keep them waiting.
        Ok(tokio::select! {
            biased;
            _ = term.recv() => Event::End,
            _ = hup.recv() => Event::End,
            _ = int.recv() => Event::End,
            _ = quit.recv() => Event::End,
            _ = continued.recv() => Event::Continued,
            _ = resized.recv() => Event::Resized,
            bytes = read(stdin) => bytes.map_or(Event::Gone, Event::Bytes),
            () = time => Event::Time,
        })
    }
}

/// What one read gives. An error where the terminal is gone.
async fn read(stdin: &AsyncFd<OwnedFd>) -> io::Result<Zeroizing<Vec<u8>>> {
    loop {
        let mut ready = stdin.readable().await?;
        // Asked for before reading: a read of a terminal waits where somebody else has taken what was there.
        let waiting = rustix::io::ioctl_fionread(stdin.get_ref())? as usize;
        if waiting == 0 {
            if ready.ready().is_read_closed() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            ready.clear_ready();
            continue;
        }
        let mut bytes = Zeroizing::new(vec![0; waiting.min(READ)]);
        let count = match rustix::io::read(stdin.get_ref(), &mut bytes[..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        bytes.truncate(count);
        return Ok(bytes);
    }
}

impl Front for FullScreen {
    fn show(&mut self, page: Page) -> io::Result<()> {
        let first = self.screen.page().is_none();
        if self.screen.show(page, Instant::now()) && !first {
            // It wants a fresh key: nobody had seen it when these were pressed.
            self.heard.clear();
            self.said.clear();
            self.keyboard.forget();
            terminal::discard_typed_ahead();
        }
        self.paint()
    }

    async fn next(&mut self) -> io::Result<Input> {
        loop {
            match self.answer() {
                Ok(Some(input)) => return Ok(input),
                Ok(None) => {}
                Err(error) if is_gone(&error) => return Ok(Input::Quit),
                Err(error) => return Err(error),
            }
            match self.event().await? {
                Event::Bytes(bytes) => self.heard.extend(self.keyboard.read(&bytes, Instant::now())),
                Event::Time if self.keyboard.waits().is_some() => self.heard.extend(self.keyboard.settle()),
                Event::Time => self.paint()?,
                Event::Resized => {
                    self.screen.resize(terminal::size());
                    self.paint_anew()?;
                }
                Event::Continued => {
                    if !std::mem::take(&mut self.world.ours) {
                        self.retake()?;
                        return Ok(Input::Resumed);
                    }
                }
                // The second signal ends at once.
                Event::End if std::mem::replace(&mut self.ending, true) => {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                // A terminal that is closed says so twice, and nobody insists.
                Event::Gone if std::mem::replace(&mut self.ending, true) => {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
                Event::End | Event::Gone => return Ok(Input::Quit),
            }
        }
    }

    fn can_lend(&self) -> bool {
        true
    }

    fn lend(&mut self, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        self.screen.cover();
        self.end_bare()?;
        self.terminal.give_back()?;
        let done = work();
        self.retake()?;
        done
    }

    fn end(&mut self, summary: &[String]) -> io::Result<()> {
        let ascii = self.screen.look.ascii;
        let gone = |done: io::Result<()>| match done {
            Err(error) if is_gone(&error) => Ok(()),
            done => done,
        };
        gone(self.end_bare().and(self.terminal.give_back()))?;
        let lines = words::fit(summary.to_vec(), ascii);
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        gone(self.terminal.write(text.as_bytes()))
    }
}

/// The terminal is not there any more: nobody is left to tell.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof)
        || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}
