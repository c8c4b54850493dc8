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
    let _ = run(connection, "BEGIN");
    for read in group {
        read(connection);
    }
    let _ = run(connection, "COMMIT");
}

/// A write that waits for its turn.
trait Job: Send {
    /// Does it; whether it stands. May be called again, after what it wrote was taken back.
    fn write(&mut self, connection: &Connection) -> bool;
    /// Tells whoever waits how it went, once the group is committed or lost.
    fn tell(self: Box<Self>, committed: Result<(), String>);
}

struct Asked<F, T> {
    write: F,
    result: Option<Result<T, StorageError>>,
    reply: oneshot::Sender<Result<T, StorageError>>,
}

impl<T: Send, F: Fn(&Connection) -> Result<T, StorageError> + Send> Job for Asked<F, T> {
    fn write(&mut self, connection: &Connection) -> bool {
        self.result.insert((self.write)(connection)).is_ok()
    }

    fn tell(self: Box<Self>, committed: Result<(), String>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StorageError::Failed("it was not tried".to_owned())),
            (Err(problem), _) => Err(StorageError::Failed(problem)),
        };
        let _ = self.reply.send(result);
    }
}

/// The one thread that writes.
pub(super) struct Writer {
    queue: Sender<Box<dyn Job>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (queue, work) = unbounded::<Box<dyn Job>>();
        thread::Builder::new().name("sqlite-write".to_owned()).spawn(move || serve(&connection, &work))?;
        Ok(Self { queue })
    }

    /// `write` may be called twice: it has no effect but on the database.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        write: impl Fn(&Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Box::new(Asked { write, result: None, reply })).map_err(gone)?;
        answer.await.map_err(gone)?
    }
}

fn serve(connection: &Connection, work: &Receiver<Box<dyn Job>>) {
    let mut group = Vec::with_capacity(GROUP);
    while let Ok(first) = work.recv() {
        group.push(first);
        let outcome = commit_group(connection, &mut group, work).map_err(|e| e.to_string());
        if outcome.is_err() {
            // A failed COMMIT can leave the transaction open; without one this is a harmless error.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for job in group.drain(..) {
            job.tell(outcome.clone());
        }
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Commits the first job, and all that come while it is at it, with one file sync; each stands or falls alone.
fn commit_group(
    connection: &Connection,
    group: &mut Vec<Box<dyn Job>>,
    work: &Receiver<Box<dyn Job>>,
) -> rusqlite::Result<()> {
    run(connection, "BEGIN IMMEDIATE")?;
    if together(connection, group, work)? {
        return run(connection, "COMMIT");
    }
    run(connection, "ROLLBACK")?;
    run(connection, "BEGIN IMMEDIATE")?;
    for job in group {
        run(connection, "SAVEPOINT job")?;
        if !job.write(connection) {
            still_open(connection)?;
            run(connection, "ROLLBACK TO job")?;
        }
        run(connection, "RELEASE job")?;
    }
    run(connection, "COMMIT")
}

/// Without savepoints: SQLite would keep a copy of every page that a job changes, a tenth of the writer's time. Nearly every
/// job that fails does so before it has written anything; false where one had.
fn together(
    connection: &Connection,
    group: &mut Vec<Box<dyn Job>>,
    work: &Receiver<Box<dyn Job>>,
) -> rusqlite::Result<bool> {
    let mut at = 0;
    while at < group.len() {
        let before = connection.total_changes();
        if !group[at].write(connection) {
            still_open(connection)?;
            if connection.total_changes() != before {
                return Ok(false);
            }
        }
        at += 1;
        if at == group.len() && at < GROUP {
            group.extend(work.try_recv().ok());
        }
    }
    Ok(true)
}

/// Where the disk is full or fails, SQLite takes the whole transaction back by itself: what came after would stand alone,
/// although the group is told that it failed.
fn still_open(connection: &Connection) -> rusqlite::Result<()> {
    if !connection.is_autocommit() {
        return Ok(());
    }
    let why = "the transaction was taken back".to_owned();
    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT), Some(why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs that share a transaction: one that fails after it has written takes nobody with it.
    #[tokio::test]
    async fn each_stands_or_falls_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = connect(&folder.path().join("db")).expect("opens");
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").expect("a table");
        let writer = Writer::start(connection).expect("starts");
        let (open, gate) = crossbeam_channel::bounded::<()>(0);
        let insert = |n: i64, stands: bool| {
            writer.run(move |c| {
                c.execute("INSERT INTO t VALUES (?1)", [n])?;
                if stands { Ok(n) } else { Err(StorageError::Stale) }
            })
        };
        let wait = writer.run(move |_| {
            let _ = gate.recv();
            Ok(())
        });
        let open = async move { drop(open) };
        let (_, first, second, third, ()) =
            tokio::join!(biased; wait, insert(1, true), insert(2, false), insert(3, true), open);
        assert_eq!((first.expect("stands"), third.expect("stands")), (1, 3));
        assert!(matches!(second, Err(StorageError::Stale)), "{second:?}");
        let kept = writer
            .run(|c| {
                Ok(c.prepare("SELECT n FROM t")?
                    .query_map([], |r| r.get(0))?
                    .collect::<Result<Vec<i64>, _>>()?)
            })
            .await;
        assert_eq!(kept.expect("reads"), [1, 3]);
    }

    /// Frozen: a transaction that SQLite took back by itself, as for a full disk, left the jobs after it to themselves.
    #[tokio::test]
    async fn who_is_told_that_it_failed_has_stored_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = connect(&folder.path().join("db")).expect("opens");
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").expect("a table");
        let writer = Writer::start(connection).expect("starts");
        let (open, gate) = crossbeam_channel::bounded::<()>(0);
        let wait = writer.run(move |_| {
            let _ = gate.recv();
            Ok(())
        });
        let taken_back = writer.run(|c| {
            c.execute_batch("ROLLBACK")?;
            Err::<(), _>(StorageError::Failed("database or disk is full".to_owned()))
        });
        let after = writer.run(|c| Ok(c.execute("INSERT INTO t VALUES (1)", [])?));
        let (_, first, second, ()) = tokio::join!(biased; wait, taken_back, after, async move { drop(open) });
        assert!(first.is_err());
        let kept: i64 = writer
            .run(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |r| r.get(0))?))
            .await
            .expect("reads");
        assert_eq!(kept, i64::from(second.is_ok()));
    }
}
