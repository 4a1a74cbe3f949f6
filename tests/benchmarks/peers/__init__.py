"""The contenders that run in virtual environments of their own, and the clock that all contenders share."""
