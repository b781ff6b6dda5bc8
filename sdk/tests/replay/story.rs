//! A history as a worker lives through it: task by task, with or without the run in memory.

use std::sync::Arc;

use outlast::engine::{
    Command, Event, EventBody, Program, Query, Run, Step, TaskCompletion, TaskFailure,
    UpdateRequest, WorkflowTask,
};

use crate::recording::{new_run, pages};

/// The events of a run with its workflow tasks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) events: Vec<Event>,
    pub(crate) tasks: Vec<Task>,
}

/// A workflow task, as the server hands it out.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) previous_started: i64,
    pub(crate) started: i64,
    pub(crate) updates: Vec<UpdateRequest>,
    pub(crate) fate: Fate,
    /// The history up to the task, where the server discarded the task later on.
    pub(crate) discarded: Option<Vec<Event>>,
}

/// What became of a workflow task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was answered, and the answer was recorded.
    Completed,
    /// The same, by the worker of another SDK, which then went away.
    CompletedElsewhere,
    /// It was answered, and no trace is left of it.
    Discarded,
    /// It failed, ran out of time, or was never answered.
    Lost,
}

/// What a worker does with a run between its tasks.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// For each task, over and over: where the run comes from.
    pub(crate) sources: Vec<Source>,
    /// How many events a page holds.
    pub(crate) page_size: usize,
}

/// Where a run comes from when a task arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It was evicted and is rebuilt.
    Rebuilt,
    /// It is in memory and gets the events since its last task.
    Cached,
    /// It is in memory and gets the whole history.
    CachedWithAll,
    /// It is in memory, answers a query, and gets the events since its last task.
    CachedAndQueried,
    /// It was rebuilt for a query after its last task, and gets the events since then.
    RebuiltForQuery,
}

/// Everything is rebuilt from histories in one piece.
impl Default for Plan {
    fn default() -> Self {
        Self {
            sources: vec![Source::Rebuilt],
            page_size: usize::MAX,
        }
    }
}

impl Plan {
    /// Plans that differ from the default in different ways.
    pub(crate) fn some() -> impl Iterator<Item = Self> {
        use Source::{Cached, CachedAndQueried, CachedWithAll, Rebuilt, RebuiltForQuery};
        let sources: [&[Source]; 8] = [
            &[RebuiltForQuery],
            &[CachedAndQueried],
            &[Rebuilt],
            &[Cached],
            &[CachedWithAll],
            &[Rebuilt, Cached],
            &[Rebuilt, Cached, CachedWithAll],
            &[Cached, Cached, Rebuilt],
        ];
        sources.into_iter().flat_map(|sources| {
            [1, 2, 3, 4, 5, 6, 7, usize::MAX].map(|page_size| Self {
                sources: sources.to_vec(),
                page_size,
            })
        })
    }
}

impl Story {
    /// The story that a whole history tells. Updates that were rejected left no trace in it.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut tasks: Vec<Task> = Vec::new();
        let mut previous_started = 0;
        for event in events {
            match &event.body {
                EventBody::TaskStarted(_) => tasks.push(Task {
                    previous_started,
                    started: event.id,
                    updates: Vec::new(),
                    fate: Fate::Lost,
                    discarded: None,
                }),
                EventBody::TaskCompleted(_) => {
                    let task = tasks.last_mut().expect("a task starts before it completes");
                    task.fate = Fate::Completed;
                    previous_started = task.started;
                }
                EventBody::UpdateAccepted(accepted) => {
                    let task = tasks.last_mut().expect("a task accepts updates");
                    task.updates.extend(accepted.request.clone());
                }
                _ => {}
            }
        }
        Self {
            events: events.to_vec(),
            tasks,
        }
    }

    /// What is answered to each task, in words.
    pub(crate) fn answers(
        &self,
        program: &Arc<dyn Program>,
        plan: &Plan,
    ) -> Result<Vec<Answer>, String> {
        let mut cached = None;
        let mut answers = Vec::new();
        for (task, source) in self.tasks.iter().zip(plan.sources.iter().cycle()) {
            let mut run = match source {
                Source::Rebuilt => new_run(program),
                Source::RebuiltForQuery => self.rebuilt_for_query(program, task, plan)?,
                _ => cached.take().unwrap_or_else(|| new_run(program)),
            };
            if *source == Source::CachedAndQueried && run.last_event_id() > 0 {
                query(&mut run, &[], plan.page_size)?;
            }
            let mut events = self.known_at(task);
            if *source != Source::CachedWithAll && run.last_event_id() > 0 {
                // The server begins with the answer to the task before.
                events = &events[index(task.previous_started)..];
            }
            let answer = answer(&mut run, task, events, plan.page_size);
            let answer = answer.map_err(|failure| {
                format!("task {} fails: {}", task.started, failure.failure.report())
            })?;
            answers.push(Answer::of(&answer));
            cached = match task.fate {
                Fate::Completed => {
                    run.handle_recorded(None);
                    Some(run)
                }
                Fate::Discarded => {
                    run.handle_recorded(Some(task.previous_started));
                    Some(run)
                }
                Fate::CompletedElsewhere | Fate::Lost => None,
            };
        }
        Ok(answers)
    }

    /// Replays all of it, to see that it ends where the history does.
    pub(crate) fn replay(
        &self,
        program: &Arc<dyn Program>,
        page_size: usize,
    ) -> Result<(), String> {
        let all = Task {
            previous_started: 0,
            started: 0,
            updates: Vec::new(),
            fate: Fate::Lost,
            discarded: None,
        };
        let mut run = new_run(program);
        answer(&mut run, &all, &self.events, page_size)
            .map_err(|failure| failure.failure.report())?;
        let ends = self.events.last().is_some_and(Event::is_terminal);
        if run.is_closed() == ends {
            return Ok(());
        }
        Err(format!(
            "history ends: {ends}, the run ends: {}",
            run.is_closed()
        ))
    }

    /// The events in words.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.events.iter().map(Event::to_string).collect()
    }

    /// Holds answers against what is recorded after their tasks.
    pub(crate) fn assert_recorded(&self, name: &str, answers: &[Answer]) {
        for (task, answer) in self.tasks.iter().zip(answers) {
            if task.fate != Fate::Completed {
                continue;
            }
            let after = self.events.iter().filter(|event| event.id > task.started);
            let after = after.skip(1).take_while(|event| event.is_command());
            let recorded: Vec<_> = after.map(|event| event.event_type().to_string()).collect();
            assert_eq!(
                answer.event_types, recorded,
                "{name}, task {}",
                task.started
            );
        }
    }

    /// A run that has answered a query since the task before.
    fn rebuilt_for_query(
        &self,
        program: &Arc<dyn Program>,
        task: &Task,
        plan: &Plan,
    ) -> Result<Run, String> {
        let mut run = new_run(program);
        let before = self
            .tasks
            .iter()
            .find(|before| before.started == task.previous_started);
        // Where another SDK answered, it depends on what follows which task its answer is for.
        if before.is_some_and(|before| before.fate == Fate::Completed) {
            let completed = index(task.previous_started) + 1;
            let commands = self.events[completed..].iter();
            let commands = commands.take_while(|event| event.is_command()).count();
            query(
                &mut run,
                &self.events[..completed + commands],
                plan.page_size,
            )?;
        }
        Ok(run)
    }

    fn known_at<'a>(&'a self, task: &'a Task) -> &'a [Event] {
        match &task.discarded {
            Some(events) => events,
            None => &self.events[..index(task.started)],
        }
    }
}

/// Has a run say where it waits.
fn query(run: &mut Run, events: &[Event], page_size: usize) -> Result<(), String> {
    let mut pages = pages(events, page_size).into_iter();
    run.handle_task(WorkflowTask {
        history: pages.next().unwrap_or_default(),
        query: Some(Query {
            name: "__stack_trace".to_owned(),
            ..Query::default()
        }),
        ..WorkflowTask::default()
    });
    loop {
        match run.poll() {
            Step::NeedsHistory(_) => run.handle_page(pages.next().expect("a page is left")),
            Step::Answered(Ok(_)) => return Ok(()),
            other => return Err(format!("the query comes to {other:?}")),
        }
    }
}

/// Hands a task to a run and gives its answer.
pub(crate) fn answer(
    run: &mut Run,
    task: &Task,
    events: &[Event],
    page_size: usize,
) -> Result<TaskCompletion, TaskFailure> {
    let mut pages = pages(events, page_size).into_iter();
    run.handle_task(WorkflowTask {
        previous_started: task.previous_started,
        started: task.started,
        history: pages.next().unwrap_or_default(),
        updates: task.updates.clone(),
        ..WorkflowTask::default()
    });
    loop {
        match run.poll() {
            Step::NeedsHistory(_) => run.handle_page(pages.next().expect("a page is left")),
            Step::Completed(completion) => return Ok(completion),
            Step::Failed(failure) => return Err(failure),
            other => panic!("expected an answer, got {other:?}"),
        }
    }
}

/// What a worker answers to a task.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The types of the events that record it.
    event_types: Vec<String>,
    /// All of it.
    words: String,
}

impl Answer {
    pub(crate) fn of(completion: &TaskCompletion) -> Self {
        let commands = &completion.commands;
        Self {
            event_types: commands.iter().map(event_type).collect(),
            words: format!("{commands:?} {:?}", completion.replies),
        }
    }
}

fn event_type(command: &Command) -> String {
    let name = match command {
        Command::CancelTimer { .. } => "TimerCanceled",
        Command::CancelWorkflow { .. } => "WorkflowExecutionCanceled",
        Command::CompleteWorkflow { .. } => "WorkflowExecutionCompleted",
        Command::ContinueAsNew(_) => "WorkflowExecutionContinuedAsNew",
        Command::FailWorkflow { .. } => "WorkflowExecutionFailed",
        Command::RequestCancelActivity { .. } => "ActivityTaskCancelRequested",
        Command::ScheduleActivity(_) => "ActivityTaskScheduled",
        Command::StartTimer { .. } => "TimerStarted",
        Command::UpdateReply { message_id } if message_id.ends_with("/accept") => {
            "WorkflowExecutionUpdateAccepted"
        }
        Command::UpdateReply { .. } => "WorkflowExecutionUpdateCompleted",
    };
    name.to_owned()
}

/// How many events there are up to that one.
fn index(event_id: i64) -> usize {
    usize::try_from(event_id).expect("event ids are positive")
}
