"""Which files may be attached to a launch, asked alike by the form and by the command."""

from collections.abc import Sequence
from pathlib import PurePath

from django.conf import settings

from agents.library.documents.upload import MEDIA_TYPES, UploadRefused, check_upload
from agents.lifecycle import Upload

MEGABYTE = 2**20
MOST_FILES = 10


def checked_upload(*, name: str, content: bytes, accepts: Sequence[str]) -> Upload:
    """The upload with the media type of its content. Raises UploadRefused with a sentence for the field."""
    ending = PurePath(name).suffix.lower()
    if not accepts:
        raise UploadRefused(f"{name}: this agent reads no files.")
    if ending not in accepts:
        raise UploadRefused(f"{name}: this agent reads {', '.join(accepts)}.")
    if len(content) > settings.ATTACHMENT_MAX_BYTES:
        most = settings.ATTACHMENT_MAX_BYTES // MEGABYTE
        raise UploadRefused(f"{name} has {len(content) / MEGABYTE:.1f} MB; at most {most} MB.")
    # Agents of one's own may read kinds of files that the bundled ones know nothing of.
    known = ending in MEDIA_TYPES
    media_type = check_upload(name, content) if known else "application/octet-stream"
    return Upload(name=name, media_type=media_type, content=content)
