//! The `kbwhy` command; everything it does lives in the library.

fn main() -> std::process::ExitCode {
    kbwhy::cli::main()
}
