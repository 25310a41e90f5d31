//! Logs of IIS in the W3C format: errors on the paths of WSUS, counted by status. Read piece by piece, whatever its size.

use std::{collections::BTreeMap, sync::Arc};

/// The longest line that is looked at; of a longer one the beginning.
const LINE: usize = 16 * 1024;
/// Kinds of errors that are told apart.
const KINDS: usize = 500;
/// Fields of one line.
const FIELDS: usize = 64;

/// A web service of WSUS, by its virtual directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WsusService {
    /// clients look for updates
    Client,
    /// clients get a cookie
    SimpleAuth,
    /// the administration console
    ApiRemoting,
    /// clients renew themselves
    SelfUpdate,
    /// clients report
    Reporting,
    /// downstream servers
    ServerSync,
    /// downstream servers get a cookie
    DssAuth,
    /// files of updates
    Content,
    /// inventories
    Inventory,
}

impl WsusService {
    const ALL: [(&'static str, Self); 9] = [
        ("clientwebservice", Self::Client),
        ("simpleauthwebservice", Self::SimpleAuth),
        ("apiremoting30", Self::ApiRemoting),
        ("selfupdate", Self::SelfUpdate),
        ("reportingwebservice", Self::Reporting),
        ("serversyncwebservice", Self::ServerSync),
        ("dssauthwebservice", Self::DssAuth),
        ("content", Self::Content),
        ("inventory", Self::Inventory),
    ];

    /// The virtual directory, in its usual spelling.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Client => "/ClientWebService",
            Self::SimpleAuth => "/SimpleAuthWebService",
            Self::ApiRemoting => "/ApiRemoting30",
            Self::SelfUpdate => "/SelfUpdate",
            Self::Reporting => "/ReportingWebService",
            Self::ServerSync => "/ServerSyncWebService",
            Self::DssAuth => "/DssAuthWebService",
            Self::Content => "/Content",
            Self::Inventory => "/Inventory",
        }
    }

    /// The service that a path lies in.
    pub fn of(path: &str) -> Option<Self> {
        let first = path.trim_start_matches('/').split(['/', '?']).next()?;
        Self::ALL.into_iter().find(|(name, _)| first.eq_ignore_ascii_case(name)).map(|(_, s)| s)
    }
}

/// Errors of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IisError {
    /// the log
    pub file: Arc<str>,
    /// the service
    pub service: WsusService,
    /// `sc-status`
    pub status: u16,
    /// `sc-substatus`
    pub substatus: Option<u32>,
    /// `sc-win32-status`
    pub win32: Option<u32>,
    /// how many
    pub count: u64,
    /// line of the first, counted from 1
    pub first: u32,
    /// line of the last
    pub last: u32,
    /// date and time of the first, as printed (UTC)
    pub from: String,
    /// date and time of the last
    pub to: String,
}

/// One log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IisLog {
    /// the file as the user named it
    pub file: Arc<str>,
    /// lines
    pub lines: u64,
    /// requests to services of WSUS
    pub requests: u64,
    /// errors, most serious first: 5xx, then 4xx, each most frequent first; 401 that 200 follows is none
    pub errors: Vec<IisError>,
    /// lines that are no request and no directive, or without a status
    pub odd: u64,
    /// there was a line that names the fields
    pub fields: bool,
}

/// Does a file begin like a log of IIS?
pub fn is_iis_log(head: &str) -> bool {
    let lines = head.trim_start_matches('\u{feff}').lines().take(10);
    lines.into_iter().any(|l| {
        l.starts_with("#Software: Microsoft Internet Information Services")
            || l.starts_with("#Fields:") && l.contains("sc-status")
    })
}

#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    date: Option<usize>,
    time: Option<usize>,
    path: Option<usize>,
    status: Option<usize>,
    substatus: Option<usize>,
    win32: Option<usize>,
    count: usize,
}

impl Columns {
    fn of(names: &str) -> Self {
        let mut out = Self::default();
        for (i, name) in names.split_whitespace().enumerate().take(FIELDS) {
            let slot = match name {
                "date" => &mut out.date,
                "time" => &mut out.time,
                "cs-uri-stem" | "cs-uri" => &mut out.path,
                "sc-status" => &mut out.status,
                "sc-substatus" => &mut out.substatus,
                "sc-win32-status" => &mut out.win32,
                _ => {
                    out.count = i + 1;
                    continue;
                }
            };
            *slot = Some(i);
            out.count = i + 1;
        }
        out
    }
}

type Kind = (WsusService, u16, Option<u32>, Option<u32>);

#[derive(Clone, Debug)]
struct Count {
    count: u64,
    first: u32,
    last: u32,
    from: String,
    to: String,
}

/// Reads a log as it comes.
#[derive(Debug)]
pub struct IisReader {
    file: Arc<str>,
    line: Vec<u8>,
    number: u32,
    lines: u64,
    requests: u64,
    odd: u64,
    columns: Option<Columns>,
    counts: BTreeMap<Kind, Count>,
    /// line of the last success, by service
    served: BTreeMap<WsusService, u32>,
}

impl IisReader {
    /// A reader of the file of this name.
    pub fn new(file: &str) -> Self {
        Self {
            file: Arc::from(super::client_log::shown(file, 120)),
            line: Vec::new(),
            number: 0,
            lines: 0,
            requests: 0,
            odd: 0,
            columns: None,
            counts: BTreeMap::new(),
            served: BTreeMap::new(),
        }
    }

    /// The next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.push(rest.get(..end).unwrap_or_default());
            self.end_line();
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        self.push(rest);
    }

    fn push(&mut self, part: &[u8]) {
        let room = LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.number = self.number.saturating_add(1);
        self.lines += 1;
        self.read(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\0']));
        self.line = line;
        self.line.clear();
    }

    fn read(&mut self, line: &str) {
        let line = line.trim_start_matches('\u{feff}');
        if let Some(names) = line.strip_prefix("#Fields:") {
            self.columns = Some(Columns::of(names));
            return;
        }
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        // without names of fields nothing can be told
        let Some(columns) = self.columns else {
            self.odd += 1;
            return;
        };
        let cells: Vec<&str> = line.split(' ').take(FIELDS).collect();
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i).copied());
        let status =
            cell(columns.status).and_then(|s| s.parse::<u16>().ok()).filter(|s| (100..600).contains(s));
        let (Some(path), Some(status)) = (cell(columns.path), status) else {
            self.odd += 1;
            return;
        };
        // a line that is cut or shifted says nothing sure
        if cells.len() != columns.count {
            self.odd += 1;
            return;
        }
        let Some(service) = WsusService::of(path) else { return };
        self.requests += 1;
        if status < 400 {
            if status < 300 {
                self.served.insert(service, self.number);
            }
            return;
        }
        let number = |at| cell(at).and_then(|n| n.parse::<u32>().ok());
        let kind = (service, status, number(columns.substatus), number(columns.win32));
        let when =
            [cell(columns.date), cell(columns.time)].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let when = super::client_log::shown(&when, 30);
        let full = self.counts.len() >= KINDS;
        match self.counts.get_mut(&kind) {
            Some(count) => {
                count.count += 1;
                count.last = self.number;
                count.to = when;
            }
            None if full => {}
            None => {
                let (first, last) = (self.number, self.number);
                self.counts.insert(kind, Count { count: 1, first, last, from: when.clone(), to: when });
            }
        }
    }

    /// What was read.
    pub fn finish(mut self) -> IisLog {
        if !self.line.is_empty() {
            self.end_line();
        }
        let served = &self.served;
        // authentication begins with a 401 that a success follows
        let real = |kind: &Kind, count: &Count| {
            kind.1 != 401 || served.get(&kind.0).is_none_or(|success| *success < count.last)
        };
        let mut errors: Vec<IisError> = self
            .counts
            .iter()
            .filter(|(kind, count)| real(kind, count))
            .map(|((service, status, substatus, win32), c)| IisError {
                file: Arc::clone(&self.file),
                service: *service,
                status: *status,
                substatus: *substatus,
                win32: *win32,
                count: c.count,
                first: c.first,
                last: c.last,
                from: c.from.clone(),
                to: c.to.clone(),
            })
            .collect();
        errors.sort_by_key(|e| {
            (e.status < 500, std::cmp::Reverse(e.count), e.service, e.status, e.substatus, e.win32)
        });
        IisLog {
            file: self.file,
            lines: self.lines,
            requests: self.requests,
            errors,
            odd: self.odd,
            fields: self.columns.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-20 00:00:01\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n";

    fn row(time: &str, path: &str, status: &str) -> String {
        format!(
            "2026-11-20 {time} 10.0.0.5 POST {path} - 8530 - 10.0.0.7 Windows-Update-Agent/10.0 - {status} 15\r\n"
        )
    }

    fn log(text: &str) -> IisLog {
        let mut reader = IisReader::new("u_ex261120.log");
        reader.feed(text.as_bytes());
        reader.finish()
    }

    #[test]
    fn errors_are_counted_by_service_and_status() {
        let text = HEAD.to_owned()
            + &row("01:00:00", "/ClientWebService/client.asmx", "200 0 0")
            + &row("01:00:01", "/ClientWebService/client.asmx", "503 0 0")
            + &row("01:00:02", "/clientwebservice/Client.asmx", "503 0 0")
            + &row("01:00:03", "/selfupdate/wuident.cab", "404 0 2")
            + &row("01:00:04", "/favicon.ico", "404 0 2");
        let log = log(&text);
        assert_eq!((log.lines, log.requests, log.odd), (9, 4, 0));
        let told: Vec<_> =
            log.errors.iter().map(|e| (e.service, e.status, e.substatus, e.count, e.first, e.last)).collect();
        assert_eq!(
            told,
            [(WsusService::Client, 503, Some(0), 2, 6, 7), (WsusService::SelfUpdate, 404, Some(0), 1, 8, 8)]
        );
        assert_eq!(log.errors[0].to, "2026-11-20 01:00:02");
    }

    #[test]
    fn a_401_counts_unless_a_success_follows() {
        let refused = row("01:00:00", "/ApiRemoting30/WebService.asmx", "401 2 5");
        let served = row("01:00:01", "/ApiRemoting30/WebService.asmx", "200 0 0");
        assert!(log(&(HEAD.to_owned() + &refused + &served)).errors.is_empty());
        assert_eq!(log(&(HEAD.to_owned() + &served + &refused)).errors.len(), 1);
    }

    #[test]
    fn fields_may_change_within_the_file() {
        let text = HEAD.to_owned()
            + "#Fields: cs-uri-stem sc-status\r\n/ClientWebService/client.asmx 500\r\n/ClientWebService/client.asmx 500 7\r\n";
        let log = log(&text);
        assert_eq!((log.errors[0].status, log.errors[0].substatus, log.odd), (500, None, 1));
    }

    #[test]
    fn lines_without_names_of_fields_and_pieces_of_any_size() {
        let bare = log(&row("01:00:00", "/ClientWebService/client.asmx", "503 0 0"));
        assert_eq!((bare.requests, bare.odd, bare.fields), (0, 1, false));
        let text = HEAD.to_owned() + &row("01:00:00", "/ClientWebService/client.asmx", "503 0 0").repeat(20);
        let whole = log(&text);
        for size in [1, 7, 64] {
            let mut reader = IisReader::new("u_ex261120.log");
            text.as_bytes().chunks(size).for_each(|c| reader.feed(c));
            assert_eq!(reader.finish(), whole);
        }
        assert!(is_iis_log(&text) && !is_iis_log("2026-11-20 something"));
        assert_eq!(log("").lines, 0);
    }

    #[test]
    fn any_bytes_are_read_within_bounds() {
        let mut reader = IisReader::new("f");
        reader.feed(HEAD.as_bytes());
        reader.feed(&vec![b'x'; LINE * 4]);
        reader.feed(b"\n\xff\xfe\0\n");
        for i in 0..(KINDS as u32 * 3) {
            reader.feed(row("x", "/Content/a", &format!("404 {i} 0")).as_bytes());
        }
        assert_eq!(reader.finish().errors.len(), KINDS);
    }
}
