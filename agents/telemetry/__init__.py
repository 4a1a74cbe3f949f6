"""Traces for collectors: committed events as OpenTelemetry spans, by the GenAI conventions."""
