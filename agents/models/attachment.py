"""Files that operators attach, and large payloads, each stored once under its digest."""

import hashlib
from typing import Self

from django.db import models

from agents.contracts.calls import AttachmentRef


class Blob(models.Model):
    """Bytes under their SHA-256; never changed."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256

    @classmethod
    def keep(cls, content: bytes) -> Self:
        """Store the bytes, once."""
        digest = hashlib.sha256(content).hexdigest()
        blob, _ = cls.objects.get_or_create(sha256=digest, defaults={"size_bytes": len(content), "content": content})
        return blob


class Attachment(models.Model):
    """A named file of one run."""

    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=100)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name

    def to_ref(self) -> AttachmentRef:
        return AttachmentRef(
            name=self.name,
            media_type=self.media_type,
            sha256=self.blob_id,
            size_bytes=self.blob.size_bytes,
        )
