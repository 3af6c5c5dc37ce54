"""Wave physics that knows nothing of surveys; torch only in ``acoustic``, imported explicitly."""
