//! The tables of format 1, and what is done to them inside one transaction.
//!
//! Records, heads and log entries are JSON. Fields that are not known are passed over when they are read; what older
//! versions could not read at all raises [`FORMAT`](crate::store::FORMAT), and they refuse the whole store.

use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::failure::Failure;
use crate::{
    error::{Error, ErrorKind, Result},
    id::{ClusterName, ClusterUid, ProjectName},
    store::{
        ClusterRecord, FORMAT, LogEntry,
        head::{self, Head},
    },
};

/// Numbers about the whole store.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Records by uid.
pub(super) const RECORDS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("records");
/// Heads by uid.
pub(super) const HEADS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("heads");
/// Uids by project and name, for records that are not deleted.
pub(super) const NAMES: TableDefinition<'_, (&str, &str), u128> = TableDefinition::new("names");
/// Log entries by uid and place.
pub(super) const LOGS: TableDefinition<'_, (u128, u64), &[u8]> = TableDefinition::new("logs");

/// The format of everything else in the store.
const FORMAT_KEY: &str = "format";
/// Counts the changes; tells whether a commit that failed was written after all.
pub(super) const REVISION: &str = "revision";

/// Makes the tables of an empty store.
pub(super) fn set_up(database: &Database) -> Result<(), Failure> {
    let tx = database.begin_write()?;
    tx.open_table(META)?.insert(FORMAT_KEY, u64::from(FORMAT))?;
    tx.open_table(META)?.insert(REVISION, 0)?;
    tx.open_table(RECORDS)?;
    tx.open_table(HEADS)?;
    tx.open_table(NAMES)?;
    tx.open_table(LOGS)?;
    Ok(tx.commit()?)
}

/// The store's format.
pub(super) fn format(database: &Database) -> Result<u64, Failure> {
    number(&database.begin_read()?.open_table(META)?, FORMAT_KEY)
}

/// A number of the table [`META`].
pub(super) fn number(meta: &impl ReadableTable<&'static str, u64>, key: &str) -> Result<u64, Failure> {
    let missing = || Error::new(ErrorKind::Corrupt, "open store").with_message(format!("it has no number {key:?}"));
    Ok(meta.get(key)?.ok_or_else(missing)?.value())
}

/// Begins a change and counts it; the second value is the store's revision once it is written.
pub(super) fn begin(database: &Database) -> Result<(WriteTransaction, u64), Failure> {
    let mut tx = database.begin_write()?;
    tx.set_durability(Durability::Immediate)?;
    let revision = {
        let mut meta = tx.open_table(META)?;
        let revision = number(&meta, REVISION)?.saturating_add(1);
        meta.insert(REVISION, revision)?;
        revision
    };
    Ok((tx, revision))
}

/// A uid as a key.
pub(super) const fn key(uid: &ClusterUid) -> u128 {
    uid.as_uuid().as_u128()
}

/// The uid of a key.
pub(super) const fn uid(key: u128) -> ClusterUid {
    ClusterUid::from_uuid(uuid::Uuid::from_u128(key))
}

type Bytes<'tx, K> = Table<'tx, K, &'static [u8]>;

/// The parts of one cluster inside a change.
pub(super) struct Parts<'tx> {
    records: Bytes<'tx, u128>,
    heads: Bytes<'tx, u128>,
    names: Table<'tx, (&'static str, &'static str), u128>,
    logs: Bytes<'tx, (u128, u64)>,
}

impl<'tx> Parts<'tx> {
    /// Opens the tables.
    pub(super) fn open(tx: &'tx WriteTransaction) -> Result<Self, Failure> {
        Ok(Self {
            records: tx.open_table(RECORDS)?,
            heads: tx.open_table(HEADS)?,
            names: tx.open_table(NAMES)?,
            logs: tx.open_table(LOGS)?,
        })
    }

    /// The cluster's head, if there is such a cluster.
    pub(super) fn head(&self, uid: &ClusterUid) -> Result<Option<Head>, Failure> {
        let bytes = self.heads.get(key(uid))?;
        Ok(bytes.map(|bytes| head::decode(bytes.value(), "the head", uid)).transpose()?)
    }

    /// Writes the cluster's head.
    pub(super) fn set_head(&mut self, uid: &ClusterUid, head: &Head) -> Result<(), Failure> {
        self.heads.insert(key(uid), head::encode(head)?.as_slice())?;
        Ok(())
    }

    /// Writes the cluster's record and gives it its name, in place of the one that it had.
    pub(super) fn set_record(&mut self, record: &ClusterRecord) -> Result<(), Failure> {
        self.free_name(&record.uid)?;
        if let Some((project, name)) = head::claim(record) {
            self.take_name(&record.uid, project, name)?;
        }
        self.records.insert(key(&record.uid), head::encode(record)?.as_slice())?;
        Ok(())
    }

    /// Adds entries to the cluster's log.
    pub(super) fn append(&mut self, uid: &ClusterUid, entries: &[LogEntry]) -> Result<(), Failure> {
        for entry in entries {
            self.logs.insert((key(uid), entry.seq), head::encode(entry)?.as_slice())?;
        }
        Ok(())
    }

    /// Removes all of the cluster.
    pub(super) fn forget(&mut self, uid: &ClusterUid) -> Result<(), Failure> {
        self.free_name(uid)?;
        self.records.remove(key(uid))?;
        self.heads.remove(key(uid))?;
        self.logs.retain_in((key(uid), 0)..=(key(uid), u64::MAX), |_, _| false)?;
        Ok(())
    }

    fn take_name(&mut self, uid: &ClusterUid, project: &ProjectName, name: &ClusterName) -> Result<(), Failure> {
        if let Some(by) = self.names.get((project.as_str(), name.as_str()))? {
            return Err(head::taken_name(uid, (project, name), &self::uid(by.value())).into());
        }
        self.names.insert((project.as_str(), name.as_str()), key(uid))?;
        Ok(())
    }

    fn free_name(&mut self, uid: &ClusterUid) -> Result<(), Failure> {
        let old =
            self.records.get(key(uid))?.map(|bytes| head::decode(bytes.value(), "the record", uid)).transpose()?;
        if let Some((project, name)) = old.as_ref().and_then(head::claim) {
            self.names.remove((project.as_str(), name.as_str()))?;
        }
        Ok(())
    }
}
