//! "Failed to connect to Mux due to network or cert errors": the number in the message is a code of Winsock, of WinHTTP
//! or of a certificate check, in whatever spelling.

use super::pages::{COMMON, SCHANNEL, TRUST, TRUST_CODES, WINHTTP, WINSOCK};

/// What a network or certificate code comes to. Codes of one kind have one way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkKind {
    /// the name of the server is not found
    Name,
    /// there is no way to the server
    Unreachable,
    /// the server answers, and nothing listens on the port
    Refused,
    /// no answer in time
    TimedOut,
    /// no connection came about, for whatever reason
    NoConnection,
    /// the connection broke off
    Broken,
    /// this computer does not permit it
    NotPermitted,
    /// the proxy, or the script that finds it
    Proxy,
    /// the address of the server is wrong
    Address,
    /// what answers is no update server, or does not speak its protocol
    Answer,
    /// no common encryption
    Encryption,
    /// a certificate is not in its time
    CertificateExpired,
    /// the certificate is for another name
    CertificateName,
    /// the certificate's issuer is not trusted
    CertificateUntrusted,
    /// a certificate was revoked
    CertificateRevoked,
    /// it cannot be checked whether the certificate was revoked
    RevocationUnknown,
    /// the certificate is for another use
    CertificateUsage,
    /// the signature of the certificate is wrong, or the certificate is malformed
    CertificateDamaged,
    /// one or more of the reasons of certificates
    Certificate,
    /// the server asks for a certificate of the client
    ClientCertificate,
}

impl NetworkKind {
    /// The certificate is what is not accepted, not the way to the server.
    pub const fn is_certificate(self) -> bool {
        use NetworkKind as K;
        matches!(
            self,
            K::CertificateExpired
                | K::CertificateName
                | K::CertificateUntrusted
                | K::CertificateRevoked
                | K::RevocationUnknown
                | K::CertificateUsage
                | K::CertificateDamaged
                | K::Certificate
                | K::ClientCertificate
        )
    }
}

/// One code as it was found in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkCode {
    /// as it was written
    pub text: String,
    /// the number that is documented: 10061, 12029, 0x800b0109
    pub code: u32,
    /// its symbol
    pub symbol: &'static str,
    /// what it comes to
    pub kind: NetworkKind,
    /// the page that lists it
    pub page: &'static str,
}

use NetworkKind as K;

/// Codes below 0x10000 are Win32 numbers, which also come as HRESULT 0x8007xxxx.
#[rustfmt::skip] // a table
const CODES: &[(u32, &str, NetworkKind, &str)] = &[
    (10013, "WSAEACCES", K::NotPermitted, WINSOCK),
    (10049, "WSAEADDRNOTAVAIL", K::Address, WINSOCK),
    (10050, "WSAENETDOWN", K::Unreachable, WINSOCK),
    (10051, "WSAENETUNREACH", K::Unreachable, WINSOCK),
    (10052, "WSAENETRESET", K::Broken, WINSOCK),
    (10053, "WSAECONNABORTED", K::Broken, WINSOCK),
    (10054, "WSAECONNRESET", K::Broken, WINSOCK),
    (10060, "WSAETIMEDOUT", K::TimedOut, WINSOCK),
    (10061, "WSAECONNREFUSED", K::Refused, WINSOCK),
    (10064, "WSAEHOSTDOWN", K::Unreachable, WINSOCK),
    (10065, "WSAEHOSTUNREACH", K::Unreachable, WINSOCK),
    (11001, "WSAHOST_NOT_FOUND", K::Name, WINSOCK),
    (11002, "WSATRY_AGAIN", K::Name, WINSOCK),
    (11003, "WSANO_RECOVERY", K::Name, WINSOCK),
    (11004, "WSANO_DATA", K::Name, WINSOCK),
    (12002, "ERROR_WINHTTP_TIMEOUT", K::TimedOut, WINHTTP),
    (12005, "ERROR_WINHTTP_INVALID_URL", K::Address, WINHTTP),
    (12006, "ERROR_WINHTTP_UNRECOGNIZED_SCHEME", K::Address, WINHTTP),
    (12007, "ERROR_WINHTTP_NAME_NOT_RESOLVED", K::Name, WINHTTP),
    (12029, "ERROR_WINHTTP_CANNOT_CONNECT", K::NoConnection, WINHTTP),
    (12030, "ERROR_WINHTTP_CONNECTION_ERROR", K::Broken, WINHTTP),
    (12037, "ERROR_WINHTTP_SECURE_CERT_DATE_INVALID", K::CertificateExpired, WINHTTP),
    (12038, "ERROR_WINHTTP_SECURE_CERT_CN_INVALID", K::CertificateName, WINHTTP),
    (12044, "ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED", K::ClientCertificate, WINHTTP),
    (12045, "ERROR_WINHTTP_SECURE_INVALID_CA", K::CertificateUntrusted, WINHTTP),
    (12057, "ERROR_WINHTTP_SECURE_CERT_REV_FAILED", K::RevocationUnknown, WINHTTP),
    (12152, "ERROR_WINHTTP_INVALID_SERVER_RESPONSE", K::Answer, WINHTTP),
    (12156, "ERROR_WINHTTP_REDIRECT_FAILED", K::Answer, WINHTTP),
    (12157, "ERROR_WINHTTP_SECURE_CHANNEL_ERROR", K::Encryption, WINHTTP),
    (12166, "ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT", K::Proxy, WINHTTP),
    (12167, "ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT", K::Proxy, WINHTTP),
    (12169, "ERROR_WINHTTP_SECURE_INVALID_CERT", K::Certificate, WINHTTP),
    (12170, "ERROR_WINHTTP_SECURE_CERT_REVOKED", K::CertificateRevoked, WINHTTP),
    (12175, "ERROR_WINHTTP_SECURE_FAILURE", K::Certificate, WINHTTP),
    (12178, "ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR", K::Proxy, WINHTTP),
    (12179, "ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE", K::CertificateUsage, WINHTTP),
    (12180, "ERROR_WINHTTP_AUTODETECTION_FAILED", K::Proxy, WINHTTP),
    (0x800b_0101, "CERT_E_EXPIRED", K::CertificateExpired, TRUST),
    (0x800b_0104, "CERT_E_PATHLENCONST", K::CertificateDamaged, TRUST),
    (0x800b_0105, "CERT_E_CRITICAL", K::CertificateDamaged, TRUST),
    (0x800b_0107, "CERT_E_ISSUERCHAINING", K::CertificateDamaged, TRUST),
    (0x800b_0108, "CERT_E_MALFORMED", K::CertificateDamaged, TRUST),
    (0x800b_0109, "CERT_E_UNTRUSTEDROOT", K::CertificateUntrusted, TRUST),
    (0x800b_010a, "CERT_E_CHAINING", K::CertificateUntrusted, TRUST),
    (0x800b_010c, "CERT_E_REVOKED", K::CertificateRevoked, TRUST),
    (0x800b_010e, "CERT_E_REVOCATION_FAILURE", K::RevocationUnknown, TRUST),
    (0x800b_010f, "CERT_E_CN_NO_MATCH", K::CertificateName, TRUST),
    (0x800b_0110, "CERT_E_WRONG_USAGE", K::CertificateUsage, TRUST),
    (0x800b_0112, "CERT_E_UNTRUSTEDCA", K::CertificateUntrusted, TRUST),
    (0x800b_0113, "CERT_E_INVALID_POLICY", K::CertificateUsage, TRUST),
    (0x800b_0114, "CERT_E_INVALID_NAME", K::CertificateName, TRUST),
    (0x8009_2010, "CRYPT_E_REVOKED", K::CertificateRevoked, SCHANNEL),
    (0x8009_2012, "CRYPT_E_NO_REVOCATION_CHECK", K::RevocationUnknown, TRUST),
    (0x8009_6004, "TRUST_E_CERT_SIGNATURE", K::CertificateDamaged, TRUST_CODES),
    (0x8009_6010, "TRUST_E_BAD_DIGEST", K::CertificateDamaged, TRUST),
    (0x8009_6019, "TRUST_E_BASIC_CONSTRAINTS", K::CertificateDamaged, TRUST),
    (0x8009_0302, "SEC_E_UNSUPPORTED_FUNCTION", K::Encryption, SCHANNEL),
    (0x8009_0325, "SEC_E_UNTRUSTED_ROOT", K::CertificateUntrusted, SCHANNEL),
    (0x8009_0326, "SEC_E_ILLEGAL_MESSAGE", K::Encryption, SCHANNEL),
    (0x8009_0327, "SEC_E_CERT_UNKNOWN", K::Certificate, SCHANNEL),
    (0x8009_0328, "SEC_E_CERT_EXPIRED", K::CertificateExpired, SCHANNEL),
    (0x8009_0331, "SEC_E_ALGORITHM_MISMATCH", K::Encryption, SCHANNEL),
];

/// Numbers that Windows Update reports for a WinHTTP code whose own meaning it documents otherwise.
const AS_REPORTED: &[(u32, &str, NetworkKind, &str)] = &[
    // the update client documents this one as TLS 1.2 that is not set up; WinHTTP as a certificate error
    (0x8007_2f8f, "ERROR_WINHTTP_SECURE_FAILURE", K::Certificate, COMMON),
];

/// How many numbers of one message are looked at.
const LIMIT: usize = 50;

/// Is it the message of the guidance?
pub fn is_mux(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == "mux")
}

/// The code with this number, as Winsock, WinHTTP or certificate functions give it, or as an HRESULT.
pub(super) fn decode(number: u32) -> Option<(u32, &'static str, NetworkKind, &'static str)> {
    if let Some(row) = AS_REPORTED.iter().find(|row| row.0 == number) {
        return Some(*row);
    }
    let plain = if number >> 16 == 0x8007 { number & 0xffff } else { number };
    CODES.iter().find(|row| row.0 == plain).copied()
}

/// The number that a word is: `10061`, `0x274D`, `8007274d`, `-2147014835`.
fn number(word: &str) -> Option<u32> {
    let hex = |digits: &str| {
        (1..=8).contains(&digits.len()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return hex(digits);
    }
    if let Some(digits) = word.strip_prefix('-') {
        return digits.parse::<i64>().ok().and_then(|n| i32::try_from(-n).ok()).map(i32::cast_unsigned);
    }
    // an HRESULT without its prefix begins with 8 and has eight digits
    if word.len() == 8 && word.starts_with('8') && word.bytes().all(|b| b.is_ascii_hexdigit()) {
        return hex(word);
    }
    word.parse().ok()
}

/// The words of a message that may be numbers. Addresses and versions are none: `10.0.0.1`, `server:8530`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let edge = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_' | '/' | '\\'));
    text.split(edge)
        .map(|word| word.trim_end_matches(['.', ':', '-']))
        .filter(|word| !word.is_empty() && !word.contains(['.', ':', '/', '\\', '_']))
}

/// Every code in a message, each once, in their order; and numbers in it that are none.
pub fn codes(text: &str) -> (Vec<NetworkCode>, Vec<String>) {
    let mut known: Vec<NetworkCode> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for word in words(text).take(10_000) {
        // a symbol by its name
        let (code, symbol, kind, page) = match number(word) {
            Some(n) => match decode(n) {
                Some(row) => row,
                None => {
                    let shown: String = word.chars().take(40).collect();
                    if others.len() < LIMIT && !others.contains(&shown) {
                        others.push(shown);
                    }
                    continue;
                }
            },
            None => continue,
        };
        if known.len() < LIMIT && known.iter().all(|k| k.code != code) {
            known.push(NetworkCode { text: word.to_owned(), code, symbol, kind, page });
        }
    }
    for (code, symbol, kind, page) in CODES {
        let named = || text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|w| w == *symbol);
        if known.len() < LIMIT
            && known.iter().all(|k| k.symbol != *symbol)
            && text.contains(symbol)
            && named()
        {
            known.push(NetworkCode { text: (*symbol).to_owned(), code: *code, symbol, kind: *kind, page });
        }
    }
    (known, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(u32, NetworkKind)> {
        codes(text).0.into_iter().map(|c| (c.code, c.kind)).collect()
    }

    #[test]
    fn every_spelling_of_a_code_is_one_code() {
        for text in [
            "10061",
            "0x274D",
            "0x8007274d",
            "8007274D",
            "-2147014835",
            "2147952461",
            "(10061)",
            "code: 10061.",
        ] {
            assert_eq!(kinds(text), [(10061, K::Refused)], "{text}");
        }
        for text in ["0x800b0109", "-2146762487", "2148204809", "800B0109", "CERT_E_UNTRUSTEDROOT"] {
            assert_eq!(kinds(text), [(0x800b_0109, K::CertificateUntrusted)], "{text}");
        }
        assert_eq!(kinds("0x80096004"), [(0x8009_6004, K::CertificateDamaged)]);
        assert_eq!(kinds("0x80072ee2 then 12002"), [(12002, K::TimedOut)]);
    }

    #[test]
    fn addresses_ports_and_versions_are_no_codes() {
        let (known, others) = codes("10.0.10061.1 wsus:10061 http://srv/12029 10061_x build 19045");
        assert!(known.is_empty(), "{known:?}");
        assert_eq!(others, ["19045"]);
    }

    #[test]
    fn the_message_is_told_by_its_word() {
        assert!(is_mux("Failed to connect to MUX due to network or cert errors"));
        assert!(!is_mux("Multiplexer of muxes"));
    }

    #[test]
    fn each_number_and_symbol_stands_once() {
        for (i, row) in CODES.iter().enumerate() {
            assert!(CODES[..i].iter().all(|r| r.0 != row.0 && r.1 != row.1), "{row:?}");
        }
    }

    #[test]
    fn any_text_is_read_within_bounds() {
        let many = "10061 99999 ".repeat(100_000);
        let (known, others) = codes(&many);
        assert_eq!((known.len(), others.len()), (1, 1));
        assert_eq!(number("-99999999999999999999"), None);
        assert_eq!(number("0x"), None);
    }
}
