//! Lists of schedules: which ones a query finds, page by page.

use std::cell::RefCell;

use bytes::Bytes;
use outlast_proto::temporal::api::enums::v1::IndexedValueType as Type;
use outlast_proto::temporal::api::schedule::v1::ScheduleListEntry;
use outlast_proto::temporal::api::workflowservice::v1::{
    CountSchedulesRequest, CountSchedulesResponse, ListSchedulesRequest, ListSchedulesResponse,
};

use super::{Schedule, ScheduleKey};
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::search_attributes::SearchAttributeMap;
use crate::server::visibility::{Attributes, Query, Record, Value};

impl Engine {
    /// Lists the schedules that a query finds, the latest first.
    ///
    /// # Errors
    /// The namespace is unknown, or the query makes no sense.
    pub fn list_schedules(&self, request: &ListSchedulesRequest) -> Result<ListSchedulesResponse> {
        let found = self.find_schedules(&request.namespace, &request.query)?;
        let before = page_start(&request.next_page_token)?;
        let size = usize::try_from(request.maximum_page_size).unwrap_or_default();
        let size = if size == 0 {
            PAGE_SIZE
        } else {
            size.min(PAGE_SIZE)
        };
        let rest = found
            .into_iter()
            .filter(|key| before.is_none_or(|before| *key < before));
        let page: Vec<ScheduleKey> = rest.take(size).collect();
        let next_page_token = match page.last() {
            // A page that is full has a token even if nothing follows.
            Some(last) if page.len() == size => Bytes::copy_from_slice(&last.0.to_be_bytes()),
            Some(_) | None => Bytes::new(),
        };
        let entries = page.iter().map(|key| self.schedules.all[key].list_entry());
        Ok(ListSchedulesResponse {
            schedules: entries.collect(),
            next_page_token,
        })
    }

    /// Counts the schedules that a query finds.
    ///
    /// # Errors
    /// As for a list.
    pub fn count_schedules(
        &self,
        request: &CountSchedulesRequest,
    ) -> Result<CountSchedulesResponse> {
        let found = self.find_schedules(&request.namespace, &request.query)?;
        Ok(CountSchedulesResponse {
            count: found.len() as i64,
            ..Default::default()
        })
    }

    fn find_schedules(&self, namespace: &str, query: &str) -> Result<Vec<ScheduleKey>> {
        self.check_namespace(namespace)?;
        let custom = self.world.namespaces.search_attributes(namespace);
        let attributes = ScheduleAttributes {
            custom,
            refused: RefCell::default(),
        };
        let query = Query::parse(query, &attributes)?;
        if let Some(name) = attributes.refused.into_inner() {
            return Err(Error::invalid(format!(
                "invalid query filter for schedules: cannot filter on {name:?}"
            )));
        }
        let live = self.schedules.all.iter().rev();
        let live = live.filter(|(_, s)| s.namespace == namespace && !s.is_deleted);
        Ok(live
            .filter(|(_, schedule)| query.matches(&ScheduleRecord { schedule, custom }))
            .map(|(key, _)| *key)
            .collect())
    }
}

impl Schedule {
    fn list_entry(&self) -> ScheduleListEntry {
        ScheduleListEntry {
            schedule_id: self.id.clone(),
            memo: Some(self.memo.clone().unwrap_or_default()),
            search_attributes: self.search_attributes.clone(),
            info: Some(self.list_info()),
        }
    }
}

/// What schedules can be found by: what users have registered, and little else.
struct ScheduleAttributes<'a> {
    custom: &'a SearchAttributeMap,
    /// An attribute that only workflows have, but that the query names.
    refused: RefCell<Option<String>>,
}

impl Attributes for ScheduleAttributes<'_> {
    fn resolve(&self, name: &str) -> Option<(String, Type)> {
        match name {
            "ScheduleId" => Some((name.to_owned(), Type::Keyword)),
            PAUSED => Some((name.to_owned(), Type::Bool)),
            _ => {
                let (name, value_type) = self.custom.resolve(name)?;
                if !self.custom.custom().contains_key(&name) {
                    *self.refused.borrow_mut() = Some(name.clone());
                }
                Some((name, value_type))
            }
        }
    }
}

struct ScheduleRecord<'a> {
    schedule: &'a Schedule,
    custom: &'a SearchAttributeMap,
}

impl Record for ScheduleRecord<'_> {
    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "ScheduleId" => Some(Value::Keyword(self.schedule.id.clone())),
            PAUSED => Some(Value::Bool(self.schedule.state.paused)),
            name => {
                let attributes = self.schedule.search_attributes.as_ref()?;
                self.custom
                    .value(name, attributes.indexed_fields.get(name)?)
            }
        }
    }
}

/// The place in the list behind which a page begins.
fn page_start(token: &Bytes) -> Result<Option<ScheduleKey>> {
    if token.is_empty() {
        return Ok(None);
    }
    let key = token.as_ref().try_into().map(u64::from_be_bytes);
    key.map(|key| Some(ScheduleKey(key)))
        .map_err(|_| Error::invalid("Invalid NextPageToken."))
}

const PAUSED: &str = "TemporalSchedulePaused";
const PAGE_SIZE: usize = 1000;
