//! What a client's WindowsUpdate.log, or the server's SoftwareDistribution.log, says of faults of the update server and
//! of where updates were looked for.

use std::sync::Arc;

/// The longest line that is looked at.
const LINE: usize = 16 * 1024;
/// Lines of one kind that are kept.
const KEPT: usize = 5;
/// How much of a line is shown.
const SHOWN: usize = 300;

/// What was wrong with a request, as the server said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientFault {
    /// more installed prerequisites than the server allows
    Prerequisites,
    /// the list of updates that the client knows already
    CachedUpdates,
    /// the server failed while it authorised the client
    Authorization,
}

/// One line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLine {
    /// its number, counted from 1
    pub line: u32,
    /// the line, cut, without what steers a console
    pub text: String,
}

/// What one log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLog {
    /// the file as the user named it
    pub file: Arc<str>,
    /// faults, each with its first lines and how many there are
    pub faults: Vec<(ClientFault, u64, Vec<ClientLine>)>,
    /// lines with 80244007 or SyncUpdates_WithRecovery that failed
    pub failed: Vec<ClientLine>,
}

impl ClientLog {
    /// It says nothing of these.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.failed.is_empty()
    }
}

/// Words without what steers a console, at most so many characters.
pub(super) fn shown(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control() && !crate::model::steers(*c)).take(most).collect()
}

/// A line with its blanks, at most so many characters; tabulators become blanks.
pub(super) fn shown_line(text: &str, most: usize) -> String {
    let plain = text.trim_end().replace('\t', "    ");
    shown(&plain, most)
}

/// Reads a log as it comes, in UTF-8 or UTF-16.
#[derive(Debug)]
pub struct ClientReader {
    file: Arc<str>,
    line: Vec<u8>,
    number: u32,
    wide: Option<bool>,
    faults: [(u64, Vec<ClientLine>); 3],
    failed: Vec<ClientLine>,
}

const FAULTS: [ClientFault; 3] =
    [ClientFault::Prerequisites, ClientFault::CachedUpdates, ClientFault::Authorization];

impl ClientReader {
    /// A reader of the file of this name.
    pub fn new(file: &str) -> Self {
        Self {
            file: Arc::from(shown(file, 120)),
            line: Vec::new(),
            number: 0,
            wide: None,
            faults: Default::default(),
            failed: Vec::new(),
        }
    }

    /// The next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let wide = *self.wide.get_or_insert_with(|| bytes.starts_with(&[0xff, 0xfe]));
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.push(rest.get(..end).unwrap_or_default());
            self.end_line(wide);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        self.push(rest);
    }

    fn push(&mut self, part: &[u8]) {
        let room = LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
    }

    fn end_line(&mut self, wide: bool) {
        self.number = self.number.saturating_add(1);
        let mut line = std::mem::take(&mut self.line);
        if wide {
            // the words that are looked for are plain letters
            line.retain(|b| *b != 0);
        }
        let has = |needle: &[u8]| memchr::memmem::find(&line, needle).is_some();
        if has(b"80244007") || has(b"SyncUpdates") || has(b"parameters.") || has(b"InternalServerError") {
            let text = String::from_utf8_lossy(&line).into_owned();
            self.read(&text);
        }
        line.clear();
        self.line = line;
    }

    fn read(&mut self, line: &str) {
        let kept = || ClientLine { line: self.number, text: shown(line.trim(), SHOWN) };
        let authorization = line.contains("InternalServerError") && line.contains("GetAuthorizationCookie");
        let fault = match line {
            l if l.contains("parameters.InstalledNonLeafUpdateIDs") => Some(0),
            l if l.contains("parameters.OtherCachedUpdateIDs") => Some(1),
            _ if authorization => Some(2),
            _ => None,
        };
        if let Some((count, lines)) = fault.and_then(|i| self.faults.get_mut(i)) {
            *count += 1;
            if lines.len() < KEPT {
                lines.push(ClientLine { line: self.number, text: shown(line.trim(), SHOWN) });
            }
            return;
        }
        let failed = line.contains("80244007") || line.contains("SyncUpdates_WithRecovery failed");
        if failed && self.failed.len() < KEPT {
            let line = kept();
            self.failed.push(line);
        }
    }

    /// What was read.
    pub fn finish(mut self) -> ClientLog {
        if !self.line.is_empty() {
            self.end_line(self.wide.unwrap_or_default());
        }
        let faults = FAULTS.into_iter().zip(self.faults);
        let faults = faults.filter(|(_, (count, _))| *count > 0).map(|(f, (count, lines))| (f, count, lines));
        ClientLog { file: self.file, faults: faults.collect(), failed: self.failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "2026/11/20 08:00:01.1234567 1234  5678  WebServices     WS error: <detail><ErrorCode>InvalidParameters</ErrorCode><Message>parameters.InstalledNonLeafUpdateIDs</Message><ID>a</ID></detail>\r\n2026/11/20 08:00:01.2234567 1234  5678  ProtocolTalker  *FAILED* [80244007] SyncUpdates_WithRecovery failed\r\n";

    fn read(bytes: &[u8]) -> ClientLog {
        let mut reader = ClientReader::new("WindowsUpdate.log");
        reader.feed(bytes);
        reader.finish()
    }

    #[test]
    fn the_fault_and_the_failure_are_found() {
        let log = read(NEW.as_bytes());
        assert_eq!(log.faults.len(), 1);
        let (fault, count, lines) = &log.faults[0];
        assert_eq!((*fault, *count, lines[0].line), (ClientFault::Prerequisites, 1, 1));
        assert_eq!(log.failed[0].line, 2);
    }

    #[test]
    fn utf_16_and_the_older_wording_are_read() {
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(NEW.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read(&wide).faults[0].0, ClientFault::Prerequisites);
        let old = "2015-10-30\t17:12:54:073\t 880\t1160\tWS\tWARNING: Soap fault detail: errorCode='InvalidParameters', message='parameters.OtherCachedUpdateIDs', id='x'\r\n2015-10-30\t17:12:54:073\t 880\t1160\tPT\tWARNING: SyncUpdates_WithRecovery failed.: 0x80244007\r\n";
        let log = read(old.as_bytes());
        assert_eq!((log.faults[0].0, log.failed.len()), (ClientFault::CachedUpdates, 1));
    }

    #[test]
    fn other_lines_say_nothing() {
        let log = read(b"Agent * Found 0 updates and 76 categories in search\nPT: SyncUpdates round trips: 2\nInternalServerError\n");
        assert!(log.is_empty());
        assert!(read(&vec![b'8'; LINE * 3]).is_empty());
    }
}
