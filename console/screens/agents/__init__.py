"""The agents: what each is made of now, its versions and how they differ, and the form that makes a new one."""
