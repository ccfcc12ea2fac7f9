//! The `causeway` binary: reads the command line and the environment, and starts what was asked for.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use causeway::env::{self, Environment, Variables};
use causeway::import::{self, Order};
use causeway::serve::StartError;
use causeway::{check, demo, health, logging, rotate, serve};
use causeway_core::config::import::Format;
use causeway_core::config::import::plan::Mode;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::runtime::{self, Runtime};

/// One address for every AI client and every AI vendor.
#[derive(Parser)]
#[command(name = "causeway", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve clients and the web UI (what happens without a command)
    Serve,
    /// Tell every problem of a configuration file and start nothing
    Check {
        /// [default: config.json in CONFIG_DIR]
        file: Option<PathBuf>,
    },
    /// Take channels from another gateway's file, or from an export
    Import(Import),
    /// Tell by the exit status whether the server on this machine answers
    Health,
    /// Seal upstream keys at rest with a new secret key
    RotateSecret,
    /// Serve with a built-in upstream, to try everything without a vendor's key; nothing is kept
    Demo,
}

#[derive(Args)]
struct Import {
    /// Whose file it is
    #[arg(value_parser = PossibleValuesParser::new(Format::ALL.map(Format::as_str)).map(format))]
    format: Format,
    /// JSON, or YAML; LiteLLM's `os.environ/NAME` is taken from the environment
    file: PathBuf,
    /// Only tell what would change, and what cannot be carried over
    #[arg(long)]
    dry_run: bool,
    /// Remove the channels that are not in the file
    #[arg(long)]
    replace: bool,
    /// File whose first line is the passphrase of an encrypted export
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// The parser lets nothing else through.
fn format(name: String) -> Format {
    Format::ALL.into_iter().find(|format| format.as_str() == name).unwrap_or(Format::Causeway)
}

fn main() -> ExitCode {
    let matches = Cli::command().after_help(env::help()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let (variables, environment) = match read_environment() {
        Ok(read) => read,
        Err(errors) => return fail(&errors),
    };
    match cli.command.unwrap_or(Command::Serve) {
        Command::Check { file } => {
            let file = file.unwrap_or_else(|| environment.config_dir.join("config.json"));
            match check::check(&file, &environment, &mut io::stdout().lock()) {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(error) => fail(&[error]),
            }
        }
        Command::Import(Import { format, file, dry_run, replace, passphrase_file: passphrase }) => {
            let mode = if replace { Mode::Replace } else { Mode::Merge };
            let order = Order { format, file, mode, dry_run, passphrase };
            let mut out = io::stdout().lock();
            let work = import::import(&order, &variables, &environment, &mut out);
            match runtime().map_err(import::Failed::from).and_then(|runtime| runtime.block_on(work)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&[error]),
            }
        }
        Command::Health => match health::health(&environment) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&[error]),
        },
        Command::RotateSecret => {
            let mut out = io::stdout().lock();
            let work = rotate::rotate(&environment, &mut out);
            match runtime().map_err(rotate::Failed::from).and_then(|runtime| runtime.block_on(work)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&[error]),
            }
        }
        Command::Serve => start(&variables, &environment, serve::serve(&environment)),
        Command::Demo => start(&variables, &environment, demo::demo(&environment)),
    }
}

fn read_environment() -> Result<(Variables, Environment), Vec<env::EnvError>> {
    let variables = Variables::gather().map_err(|error| vec![error])?;
    let environment = Environment::read(&variables)?;
    Ok((variables, environment))
}

fn start(
    variables: &Variables,
    environment: &Environment,
    work: impl Future<Output = Result<(), StartError>>,
) -> ExitCode {
    if let Err(error) = logging::start(environment.log_level, environment.production) {
        return fail(&[error]);
    }
    for name in variables.unknown() {
        tracing::warn!("{name} is set, but no variable of that name exists");
    }
    match runtime().map_err(StartError::from).and_then(|runtime| runtime.block_on(work)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&[error]),
    }
}

/// One worker for each processor this process may use.
fn runtime() -> io::Result<Runtime> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

fn fail(errors: &[impl Display]) -> ExitCode {
    let mut out = io::stderr().lock();
    for error in errors {
        // Nowhere is left to say that this cannot be said.
        let _unheard = writeln!(out, "causeway: {error}");
    }
    ExitCode::FAILURE
}
