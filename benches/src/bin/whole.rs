//! The command as it is, for benches of whole processes: it also writes down its peak memory, where Linux tells it.

use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let exit = kbwhy::cli::main();
    if let Some(file) = env::var_os("KBWHY_BENCH_PEAK") {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("");
        let _ = fs::write(file, peak.trim().trim_end_matches(" kB"));
    }
    exit
}
