"""The hub as a folder of files: every lesson's recorded views, replayed by the same stage without a server."""
