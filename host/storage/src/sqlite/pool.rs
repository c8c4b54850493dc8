//! The threads that hold the connections.

use std::{path::Path, thread, time::Duration};

use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::StorageError;

/// The most commits that share one file sync, and the most reads that share one look at the database.
const GROUP: usize = 256;

/// What a connection keeps of the database in memory; negative is SQLite's way to say kibibytes.
const CACHE_KIB: i64 = -16_384;
/// The log is carried into the database every 40 MB: each time costs two file syncs and writes all over the file.
const CHECKPOINT_PAGES: i64 = 10_000;
/// Statements kept prepared a connection.
const STATEMENTS: usize = 128;

/// A connection, set up as all of them are.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten: an erased customer is not to be read out of the file.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

fn gone<E>(_: E) -> StorageError {
    StorageError::Failed("it gave up before this was done".to_owned())
}

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// Threads that read, each with a connection of its own.
///
/// Reads that wait at the same moment share a transaction: after every commit of the writer SQLite reads its pages
/// anew, once a transaction. Each read sees one moment, and no older one than when it was asked for.
pub(super) struct Readers {
    queue: Sender<Read>,
}

impl Readers {
    pub(super) fn start(connections: Vec<Connection>) -> std::io::Result<Self> {
        let (queue, work) = unbounded::<Read>();
        for connection in connections {
            let work = work.clone();
            thread::Builder::new().name("sqlite-read".to_owned()).spawn(move || {
                while let Ok(first) = work.recv() {
                    // Taken off the queue before the transaction begins: whoever asks later, perhaps about what was
                    // committed meanwhile, must not be answered from it.
                    let group: Vec<Read> =
                        std::iter::once(first).chain(work.try_iter().take(GROUP - 1)).collect();
                    read_group(&connection, group);
                }
            })?;
        }
        Ok(Self { queue })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (reply, answer) = oneshot::channel();
        let job = move |connection: &Connection| {
            // Whoever asked may have gone; then nobody wants the answer.
            let _ = reply.send(read(connection));
        };
        self.queue.send(Box::new(job)).map_err(gone)?;
        answer.await.map_err(gone)?
    }
}

fn read_group(connection: &Connection, group: Vec<Read>) {
    // Should BEGIN fail, each read still works, or says by itself why it can't.
    let _ = connection.execute_batch("BEGIN");
    for read in group {
        read(connection);
    }
    let _ = connection.execute_batch("COMMIT");
}

/// Tells whoever waits how it went, once the group is committed or lost.
type Reply = Box<dyn FnOnce(Result<(), String>) + Send>;
/// Does its writes; returns whether they stand, and the reply.
type Write = Box<dyn FnOnce(&Connection) -> (bool, Reply) + Send>;

/// The one thread that writes.
pub(super) struct Writer {
    queue: Sender<Write>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (queue, work) = unbounded::<Write>();
        thread::Builder::new().name("sqlite-write".to_owned()).spawn(move || serve(&connection, &work))?;
        Ok(Self { queue })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (reply, answer) = oneshot::channel();
        let job = move |connection: &Connection| {
            let result = write(connection);
            let stands = result.is_ok();
            let tell: Reply = Box::new(move |committed| {
                let _ = reply.send(match committed {
                    Ok(()) => result,
                    Err(problem) => Err(StorageError::Failed(problem)),
                });
            });
            (stands, tell)
        };
        self.queue.send(Box::new(job)).map_err(gone)?;
        answer.await.map_err(gone)?
    }
}

fn serve(connection: &Connection, work: &Receiver<Write>) {
    let mut replies = Vec::with_capacity(GROUP);
    while let Ok(first) = work.recv() {
        let mut group = std::iter::once(first).chain(work.try_iter().take(GROUP - 1));
        let outcome = commit_group(connection, &mut group, &mut replies).map_err(|e| e.to_string());
        if outcome.is_err() {
            // A failed COMMIT can leave the transaction open; without one this is a harmless error.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for reply in replies.drain(..) {
            reply(outcome.clone());
        }
    }
}

/// Runs each job in a savepoint of one transaction, then commits them all with one file sync.
fn commit_group(
    connection: &Connection,
    group: &mut dyn Iterator<Item = Write>,
    replies: &mut Vec<Reply>,
) -> rusqlite::Result<()> {
    let run = |sql: &str| connection.prepare_cached(sql)?.execute([]).map(drop);
    run("BEGIN IMMEDIATE")?;
    for job in group {
        run("SAVEPOINT job")?;
        let (stands, reply) = job(connection);
        replies.push(reply);
        if !stands {
            run("ROLLBACK TO job")?;
        }
        run("RELEASE job")?;
    }
    run("COMMIT")
}
