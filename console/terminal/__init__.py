"""The console in a terminal: what the launch, kill and agents commands are made of."""
