//! Clusters in a plain file, a line each, so that the process that made them need not be the one that has them.

use std::{
    error::Error,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    time::Duration,
};

use futures::TryStreamExt;
use ladybug::store::{ClusterRecord, ClusterStore, Commit, LogEntry};

/// Writes every cluster of a store into a file.
///
/// # Errors
/// Those of the store and of the disk.
pub async fn write_clusters(store: &dyn ClusterStore, file: &Path) -> Result<(), Box<dyn Error>> {
    let (mut lines, mut clusters) = (BufWriter::new(File::create(file)?), store.list());
    while let Some(uid) = clusters.try_next().await? {
        let Some((record, _)) = store.get(&uid).await? else { continue };
        let log: Vec<LogEntry> = store.log(&uid, 1).try_collect().await?;
        writeln!(lines, "{}", serde_json::to_string(&(record, log))?)?;
    }
    Ok(lines.flush()?)
}

/// Puts every cluster of a file into a store.
///
/// # Errors
/// Those of the disk and of the store.
pub async fn read_clusters(file: &Path, store: &dyn ClusterStore) -> Result<(), Box<dyn Error>> {
    for line in BufReader::new(File::open(file)?).lines() {
        let (record, entries): (ClusterRecord, Vec<LogEntry>) = serde_json::from_str(&line?)?;
        let uid = record.uid;
        let expected = store.create(record).await?;
        let fence = store.acquire(&uid, "bench", Duration::from_secs(60)).await?.fence;
        store.commit(&uid, Commit { expected, fence, entries, record: None }).await?;
        store.release(&uid, fence).await?;
    }
    Ok(())
}
