//! The whole of a database at one moment: for its hash, for copying it into another database, for moving house.

use maru_kernel::{Error, Result};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::{Body, Row, Store, Value, postgres, sqlite};

/// When a program was last here: it moves along, and is no part of the state, which would else change every few seconds.
const BEATS: &str = "web_beat";

/// Rows a page.
const PAGE: i64 = 5_000;
/// What belongs to a place and not to the country: it neither moves nor counts in the hash.
const PLACE_ONLY: [&str; 3] = ["store_mark", "store_migration", "store_state"];

/// A table as its database describes it. Both databases describe it alike, but for the words for types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// By name.
    pub columns: Vec<String>,
    /// The primary key, in its order.
    pub key: Vec<String>,
}

impl Table {
    fn list(names: &[String]) -> String {
        names.join(", ")
    }

    /// The next rows in the order of the key.
    fn page_sql(&self, first: bool) -> String {
        let (columns, key) = (Self::list(&self.columns), Self::list(&self.key));
        let numbers: Vec<String> = (1..=self.key.len()).map(|n| format!("${n}")).collect();
        let behind = if first { String::new() } else { format!("WHERE ({key}) > ({}) ", numbers.join(", ")) };
        format!("SELECT {columns} FROM {} {behind}ORDER BY {key} LIMIT {PAGE}", self.name)
    }

    fn insert_sql(&self) -> String {
        let numbers: Vec<String> = (1..=self.columns.len()).map(|n| format!("${n}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.name, Self::list(&self.columns), numbers.join(", "))
    }
}

enum Held {
    Sqlite(Connection),
    Postgres(deadpool_postgres::Object),
}

/// One moment of a database. A frozen one lets nobody write while it is looked at.
pub struct View {
    held: Option<Held>,
}

/// What a walk over a whole database found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// SHA-256 over every row of every table in the order of their keys, the same on both databases.
    pub hash: String,
    pub rows: u64,
}

impl Store {
    /// This moment. `freeze` keeps everybody from writing until the view is closed; they are told to come back.
    pub async fn view(&self, freeze: bool) -> Result<View> {
        let held = match self.body.as_ref() {
            Body::Sqlite(body) => {
                let body = body.clone();
                Held::Sqlite(
                    tokio::task::spawn_blocking(move || body.moment(freeze))
                        .await
                        .map_err(Error::internal)??,
                )
            }
            Body::Postgres(body) => Held::Postgres(body.moment(freeze).await?),
        };
        Ok(View { held: Some(held) })
    }

    /// Adds rows as they are; for filling an empty database.
    async fn load(&self, table: &Table, rows: Vec<Row>) -> Result<()> {
        match self.body.as_ref() {
            Body::Sqlite(body) => {
                let (body, sql) = (body.clone(), table.insert_sql());
                tokio::task::spawn_blocking(move || body.load(&sql, &rows)).await.map_err(Error::internal)?
            }
            Body::Postgres(body) => body.load(&table.name, &table.columns, &rows).await,
        }
    }

    /// The whole of the database as one hash.
    pub async fn state(&self) -> Result<State> {
        let mut view = self.view(false).await?;
        let state = view.state(&mut |_, _| {}).await;
        view.close(None).await?;
        state
    }

    /// Where the country moved to from here.
    pub async fn moved(&self) -> Result<Option<String>> {
        let row = self.query_one(crate::schema::MOVED, vec![]).await?;
        row.map(|row| row.string("value")).transpose()
    }

    /// Copies everything into an empty database and answers the state that both now have. With `leaving` the old place is
    /// frozen meanwhile and closed for good afterwards: it keeps that text and takes nothing any more.
    pub async fn copy_to(
        &self,
        to: &Store,
        leaving: Option<&str>,
        progress: &mut (dyn FnMut(&str, u64) + Send),
    ) -> Result<State> {
        let mut view = self.view(leaving.is_some()).await?;
        let copied = view.copy(to, progress).await;
        let closed = match (&copied, leaving) {
            (Ok(_), leaving) => view.close(leaving).await,
            (Err(_), _) => view.close(None).await,
        };
        copied.and_then(|state| closed.map(|()| state))
    }
}

/// The state of an embedded database that is not otherwise in use.
pub(crate) fn state_of(connection: Connection) -> Result<String> {
    let mut view = View { held: Some(Held::Sqlite(connection)) };
    tokio::runtime::Handle::current().block_on(view.state(&mut |_, _| {})).map(|state| state.hash)
}

impl View {
    fn held(&mut self) -> Result<Held> {
        self.held.take().ok_or_else(|| Error::internal("a view that was closed"))
    }

    async fn select(&mut self, sql: String, params: Vec<Value>) -> Result<Vec<Row>> {
        match self.held()? {
            Held::Sqlite(connection) => {
                let (connection, rows) = tokio::task::spawn_blocking(move || {
                    let rows = sqlite::select(&connection, &sql, &params);
                    (connection, rows)
                })
                .await
                .map_err(Error::internal)?;
                self.held = Some(Held::Sqlite(connection));
                rows
            }
            Held::Postgres(client) => {
                let rows = postgres::read(&client, &sql, &params).await;
                self.held = Some(Held::Postgres(client));
                rows.map_err(|e| postgres::told(&e))?
            }
        }
    }

    /// Every table but those that belong to the place, by name.
    pub async fn tables(&mut self) -> Result<Vec<Table>> {
        let sql = match &self.held {
            Some(Held::Sqlite(_)) => {
                "SELECT m.name AS table_name, c.name AS column_name, c.pk AS key_place
                 FROM sqlite_master m JOIN pragma_table_info(m.name) c
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.name"
            }
            _ => {
                "SELECT c.relname::text AS table_name, a.attname::text AS column_name,
                   coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)::bigint AS key_place
                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                   LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
                 WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
                 ORDER BY c.relname::text COLLATE \"C\", a.attname::text COLLATE \"C\""
            }
        };
        let mut tables: Vec<Table> = Vec::new();
        let mut keys: Vec<(i64, String)> = Vec::new();
        let rows = self.select(sql.to_owned(), vec![]).await?;
        for (n, row) in rows.iter().enumerate() {
            let (name, column) = (row.string("table_name")?, row.string("column_name")?);
            if tables.last().is_none_or(|last| last.name != name) {
                tables.push(Table { name: name.clone(), columns: Vec::new(), key: Vec::new() });
            }
            let Some(table) = tables.last_mut() else { continue };
            if row.int("key_place")? > 0 {
                keys.push((row.int("key_place")?, column.clone()));
            }
            table.columns.push(column);
            if rows.get(n + 1).is_none_or(|next| next.text("table_name") != Ok(name.as_str())) {
                keys.sort();
                table.key = keys.drain(..).map(|(_, column)| column).collect();
            }
        }
        tables.retain(|table| !PLACE_ONLY.contains(&table.name.as_str()));
        match tables.iter().find(|table| table.key.is_empty()) {
            Some(table) => Err(Error::internal(format!("table {} has no primary key", table.name))),
            None => Ok(tables),
        }
    }

    /// The rows behind a key; the last page has fewer than it could have.
    async fn page(
        &mut self,
        table: &Table,
        after: Option<Vec<Value>>,
    ) -> Result<(Vec<Row>, Option<Vec<Value>>)> {
        let rows = self.select(table.page_sql(after.is_none()), after.unwrap_or_default()).await?;
        let full = i64::try_from(rows.len()).unwrap_or(0) == PAGE;
        let last = rows.last().filter(|_| full).map(|row| {
            table.key.iter().map(|column| row.value(column).cloned().unwrap_or(Value::Null)).collect()
        });
        Ok((rows, last))
    }

    pub async fn state(&mut self, progress: &mut (dyn FnMut(&str, u64) + Send)) -> Result<State> {
        let mut sum = Sum::default();
        for table in self.tables().await?.into_iter().filter(|table| table.name != BEATS) {
            sum.table(&table);
            let mut after = None;
            loop {
                let (rows, last) = self.page(&table, after).await?;
                rows.iter().for_each(|row| sum.row(row));
                progress(&table.name, sum.rows);
                if last.is_none() {
                    break;
                }
                after = last;
            }
        }
        Ok(sum.end())
    }

    async fn copy(&mut self, to: &Store, progress: &mut (dyn FnMut(&str, u64) + Send)) -> Result<State> {
        let tables = self.tables().await?;
        let mut theirs = to.view(false).await?;
        let known = theirs.tables().await?;
        for table in &known {
            if !theirs.page(table, None).await?.0.is_empty() {
                return Err(Error::internal(format!(
                    "the new database is not empty: {} has rows",
                    table.name
                )));
            }
        }
        theirs.close(None).await?;
        if let Some(table) = tables.iter().find(|table| !known.contains(table)) {
            return Err(Error::internal(format!(
                "table {} is not the same in both: start this version of the program once on the old database",
                table.name
            )));
        }
        let mut sum = Sum::default();
        for table in &tables {
            let counts = table.name != BEATS;
            if counts {
                sum.table(table);
            }
            let mut after = None;
            loop {
                let (rows, last) = self.page(table, after).await?;
                rows.iter().filter(|_| counts).for_each(|row| sum.row(row));
                if !rows.is_empty() {
                    to.load(table, rows).await?;
                }
                progress(&table.name, sum.rows);
                if last.is_none() {
                    break;
                }
                after = last;
            }
        }
        let ours = sum.end();
        let copied = to.state().await?;
        if copied == ours {
            Ok(ours)
        } else {
            Err(Error::internal(format!("the copy differs: {} here, {} there", ours.hash, copied.hash)))
        }
    }

    /// Lets others write again; with `moved`, nobody here any more.
    pub async fn close(mut self, moved: Option<&str>) -> Result<()> {
        let sql = "INSERT INTO store_state (name, value) VALUES ('moved', $1)";
        let params: Vec<Value> = moved.into_iter().map(Value::from).collect();
        match self.held()? {
            Held::Sqlite(connection) => tokio::task::spawn_blocking(move || {
                if !params.is_empty() {
                    sqlite::execute(&connection, sql, &params)?;
                }
                connection.execute_batch("COMMIT").map_err(sqlite::told)
            })
            .await
            .map_err(Error::internal)?,
            Held::Postgres(client) => postgres::close(client, sql, &params).await,
        }
    }
}

#[derive(Default)]
struct Sum {
    hash: Sha256,
    rows: u64,
}

impl Sum {
    fn table(&mut self, table: &Table) {
        self.hash.update(format!("\n{} {}\n", table.name, Table::list(&table.columns)));
    }

    fn row(&mut self, row: &Row) {
        self.rows += 1;
        for value in &row.values {
            match value {
                Value::Null => self.hash.update([0]),
                Value::Int(n) => {
                    self.hash.update([1]);
                    self.hash.update(n.to_le_bytes());
                }
                Value::Text(text) => self.bytes(2, text.as_bytes()),
                Value::Blob(bytes) => self.bytes(3, bytes),
            }
        }
    }

    fn bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.hash.update([kind]);
        self.hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.hash.update(bytes);
    }

    fn end(self) -> State {
        let hash = self.hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        State { hash, rows: self.rows }
    }
}
