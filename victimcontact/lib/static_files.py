"""Static files under hashed names, so that a phone keeps them and never asks again."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

PACKAGES = ("vendor/", "admin/", "django_htmx/", "rest_framework/")  # not written by us


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Also rewrites the imports of ES modules to hashed names."""

    support_js_module_import_aggregation = True
    manifest_strict = True

    def url_converter(self, name, hashed_files, template=None):
        convert = super().url_converter(name, hashed_files, template)
        if not name.startswith(PACKAGES):
            return convert
        # Packages name files that they do not ship (source maps, fonts): leave those as they are.

        def lenient(match):
            try:
                return convert(match)
            except ValueError:
                return match.group(0)

        return lenient
