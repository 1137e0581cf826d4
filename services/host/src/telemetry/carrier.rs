//! The trace context in headers of the bus.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::bus::Headers;

/// Writes the current span's context into headers: `traceparent`, and `tracestate` where there is one. Writes
/// nothing where this process sends no traces.
pub fn carry(headers: &mut Headers) {
    let context = Span::current().context();
    if context.span().span_context().is_valid() {
        TraceContextPropagator::new().inject_context(&context, &mut Into(headers));
    }
}

/// Makes a span that was not entered yet a part of the trace that the headers name.
pub fn follow(span: &Span, headers: &Headers) {
    let context = read(headers);
    if context.span().span_context().is_valid() {
        // Fails where no trace is taken, and then there is nothing to be part of.
        let _ = span.set_parent(context);
    }
}

/// Names the trace of the headers in a span that is no part of it.
pub fn link(span: &Span, headers: &Headers) {
    let context = read(headers).span().span_context().clone();
    if context.is_valid() {
        span.add_link(context);
    }
}

fn read(headers: &Headers) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &From(headers))
}

struct Into<'a>(&'a mut Headers);

impl Injector for Into<'_> {
    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() {
            self.0.set(name, &value);
        }
    }
}

struct From<'a>(&'a Headers);

impl Extractor for From<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// The spans that a piece of work leaves.
    fn traced(work: impl FnOnce()) -> Vec<opentelemetry_sdk::trace::SpanData> {
        let kept = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        provider.force_flush().unwrap();
        kept.get_finished_spans().unwrap()
    }

    #[test]
    fn what_arrives_with_a_trace_goes_on_in_it_and_is_sent_on_with_it() {
        let mut sent_on = Headers::new();
        let spans = traced(|| {
            let span = tracing::info_span!("handle");
            follow(&span, &Headers::new().with("traceparent", SENT));
            span.in_scope(|| carry(&mut sent_on));
        });
        assert_eq!(spans[0].parent_span_id.to_string(), "b7ad6b7169203331");
        assert_eq!(spans[0].span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        let next = sent_on.get("traceparent").unwrap();
        assert!(next.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{next}");
        assert_ne!(next, SENT, "the next one's parent is this span");
    }

    #[test]
    fn a_replay_names_the_trace_and_is_no_part_of_it() {
        let spans = traced(|| {
            let span = tracing::info_span!("replay");
            link(&span, &Headers::new().with("traceparent", SENT));
            let _entered = span.enter();
        });
        assert_eq!(spans[0].links.len(), 1);
        assert_ne!(spans[0].span_context.trace_id(), spans[0].links[0].span_context.trace_id());
    }

    #[test]
    fn a_broken_context_is_as_good_as_none() {
        for broken in
            ["", "00-zz-b7ad6b7169203331-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01"]
        {
            let spans = traced(|| {
                let span = tracing::info_span!("handle");
                follow(&span, &Headers::new().with("traceparent", broken));
                link(&span, &Headers::new().with("traceparent", broken));
                let _entered = span.enter();
            });
            assert_eq!(spans[0].parent_span_id, opentelemetry::SpanId::INVALID, "{broken}");
            assert!(spans[0].links.is_empty(), "{broken}");
        }
    }

    #[test]
    fn nothing_is_carried_where_nothing_is_traced() {
        let mut headers = Headers::new();
        carry(&mut headers);
        assert!(headers.is_empty());
    }
}
