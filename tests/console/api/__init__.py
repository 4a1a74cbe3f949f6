"""The API that programs call."""
