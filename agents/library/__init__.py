"""The bundled agents: their tools, their demo data and the policies that play their part without an LLM."""
