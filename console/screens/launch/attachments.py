"""A form field for several files at once."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile


class SeveralFilesInput(forms.ClearableFileInput):
    """The browser's file chooser, several at once."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Cleans to a list of uploads, each checked as a single one would be."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[bytes]]":
        """Raises ValidationError for the first file that is wrong (empty, name too long)."""
        given: Sequence[Any] = data if isinstance(data, list | tuple) else [data]
        return [super(SeveralFilesField, self).clean(each, initial) for each in given if each]
