"""Pages and API: served by gunicorn, with connections kept open."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "victimcontact.settings")
application = get_wsgi_application()
